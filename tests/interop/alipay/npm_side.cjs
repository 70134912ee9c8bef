// The other side, by npm's alipay-sdk: asked and answered in JSON lines, and it never sees our code.
const { AlipaySdk } = require('alipay-sdk');
const path = require('node:path');
const readline = require('node:readline');

const inside = (file) => require(path.join(path.dirname(require.resolve('alipay-sdk')), file));
const { signatureV3 } = inside('util.js');
const { getSN } = inside('antcertutil.js');

function client(account) {
  const common = { appId: account.app_id, privateKey: account.private, keyType: 'PKCS8', gateway: account.gateway };
  if (!account.app_cert) return new AlipaySdk({ ...common, alipayPublicKey: account.public });
  return new AlipaySdk({
    ...common,
    appCertContent: account.app_cert,
    alipayPublicCertContent: account.alipay_cert,
    alipayRootCertContent: account.root_cert,
  });
}

const pem = (title, body) => `-----BEGIN ${title}-----\n${body.match(/.{1,64}/g).join('\n')}\n-----END ${title}-----\n`;

const operations = {
  // One call by the SDK's client, which verifies the answer.
  call: ({ account, method, content, notifyUrl }) =>
    client(account).exec(method, { bizContent: content, ...(notifyUrl && { notifyUrl }) }, { validateSign: true }),
  page: ({ account, method, content, notifyUrl, returnUrl }) =>
    client(account).pageExecute(method, 'GET', { bizContent: content, notifyUrl, returnUrl }),
  // Whether the SDK believes a notice of ours.
  believesNotice: ({ account, fields }) => client(account).checkNotifySignV2(fields),
  // Whether the SDK finds a signature right, as a gateway would ask it.
  believes: ({ account, text, signature }) => client(account).rsaCheck(text, signature, 'RSA2'),
  // The signature of a text as the platform would make it.
  sign: ({ privateKey, text }) => signatureV3(text, pem('PRIVATE KEY', privateKey)),
  serials: ({ account }) => [getSN(account.app_cert), getSN(account.alipay_cert), getSN(account.root_cert, true)],
};

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  const [operation, given] = JSON.parse(line);
  let answer;
  try {
    answer = { ok: await operations[operation](given) };
  } catch (error) {
    answer = { error: `${error.stack}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
