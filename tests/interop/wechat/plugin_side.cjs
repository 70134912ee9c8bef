// The other side, by npm's wechatpay-axios-plugin: asked and answered in JSON lines, and it never sees our code.
const { Wechatpay, Rsa, Aes, Formatter } = require('wechatpay-axios-plugin');
const readline = require('readline');

const operations = {
  // A notice as WeChat would send it, made by the plugin alone.
  notice({ privateKey, apiKey, serial, facts }) {
    const nonce = Formatter.nonce(12);
    const ciphertext = Aes.AesGcm.encrypt(JSON.stringify(facts), apiKey, nonce, 'transaction');
    const body = JSON.stringify({
      id: `EV-${Formatter.nonce(24)}`,
      resource_type: 'encrypt-resource',
      event_type: 'TRANSACTION.SUCCESS',
      resource: { original_type: 'transaction', algorithm: 'AEAD_AES_256_GCM', ciphertext, nonce, associated_data: 'transaction' },
    });
    const [timestamp, salt] = [`${Formatter.timestamp()}`, Formatter.nonce()];
    const signature = Rsa.sign(Formatter.response(timestamp, salt, body), Rsa.from(privateKey, Rsa.KEY_TYPE_PRIVATE));
    return { body, timestamp, nonce: salt, signature, serial };
  },
  // Whether the plugin believes a notice or an answer of ours, and what it reads in it.
  verify({ publicKey, timestamp, nonce, body, signature }) {
    return Rsa.verify(Formatter.response(timestamp, nonce, body), signature, Rsa.from(publicKey, Rsa.KEY_TYPE_PUBLIC));
  },
  open({ apiKey, resource }) {
    return JSON.parse(Aes.AesGcm.decrypt(resource.ciphertext, apiKey, resource.nonce, resource.associated_data));
  },
  // The signature of a request, to compare with ours: RSA of this kind gives one signature only.
  request({ privateKey, method, target, timestamp, nonce, body }) {
    return Rsa.sign(Formatter.request(method, target, timestamp, nonce, body), Rsa.from(privateKey, Rsa.KEY_TYPE_PRIVATE));
  },
  // The signature a page hands to WeChat's browser, over any lines.
  lines({ privateKey, lines }) {
    return Rsa.sign(Formatter.joinedByLineFeed(...lines), Rsa.from(privateKey, Rsa.KEY_TYPE_PRIVATE));
  },
  bill({ text }) {
    return Formatter.castCsvBill(text);
  },
  // A call of the plugin's own client to our gateway; it verifies the answer itself.
  async call({ account, path, method, data, params }) {
    const pay = new Wechatpay({
      mchid: account.mchid, serial: account.serial_no, privateKey: account.private_key, baseURL: `${account.base_url}/`,
      certs: { [account.public_key_id]: account.public_key, [account.certificate_serial]: account.certificate_key },
      proxy: false, timeout: 10000,
    });
    try {
      const place = pay.chain(path);
      const { status, data: answer } = await (method === 'get' ? place.get({ params }) : place.post(data));
      return [status, answer];
    } catch (error) {
      return [error.response ? error.response.status : 0, error.response ? error.response.data : `${error.message}`];
    }
  },
};

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [operation, given] = JSON.parse(line);
    let answer;
    try {
      answer = { ok: await operations[operation](given) };
    } catch (error) {
      answer = { error: `${error.message}` };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
})();
