// The other side of payouts, by npm's @paypal/payouts-sdk: asked and answered in JSON lines, and it never sees our code.
const { core, payouts } = require('@paypal/payouts-sdk');
const readline = require('readline');

function client({ client_id: id, client_secret: secret, url }) {
  const environment = new core.SandboxEnvironment(id, secret);
  environment.baseUrl = new URL(url).origin;
  const made = new core.PayPalHttpClient(environment);
  // The SDK takes host and port of a gateway's address and forgets its path.
  made.addInjector((request) => { request.path = new URL(url).pathname + request.path; });
  return made;
}

async function told(account, request) {
  try {
    const response = await client(account).execute(request);
    return [response.statusCode, response.result];
  } catch (error) {
    if (!error.statusCode) throw error;
    return [error.statusCode, JSON.parse(error.message)];
  }
}

const operations = {
  send({ account, number, receiver, value }) {
    const item = { recipient_type: 'EMAIL', amount: { value, currency: 'USD' }, receiver, note: '货款', sender_item_id: number };
    const body = { sender_batch_header: { sender_batch_id: number, email_subject: '货款' }, items: [item] };
    return told(account, new payouts.PayoutsPostRequest().requestBody(body));
  },
  batch({ account, number }) {
    return told(account, new payouts.PayoutsGetRequest(number).page(1).pageSize(10).totalRequired(true));
  },
  item({ account, number }) {
    return told(account, new payouts.PayoutsItemGetRequest(number));
  },
};

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [operation, given] = JSON.parse(line);
    let answer;
    try {
      answer = { ok: await operations[operation](given) };
    } catch (error) {
      answer = { error: `${error.stack}` };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
})();
