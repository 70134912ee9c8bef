// The other side, by npm's @sigstore/verify: asked and answered in JSON lines, and it never sees our code.
const path = require('path');
const readline = require('readline');
const { createPublicKey } = require('crypto');

// Not part of what the package exports, so by its place; the version is pinned.
const inside = (name) => require(path.join(process.env.NODE_PATH, '@sigstore', 'verify', 'dist', 'tlog', name));
const { verifyCheckpoint } = inside('checkpoint.js');
const { verifyMerkleInclusion } = inside('merkle.js');

const operations = {
  // Why the proof is refused; empty where it is believed.
  refusal({ checkpoint, origin, keyId, publicKey, index, hashes, entry }) {
    const bytes = (text) => Buffer.from(text, 'base64');
    const given = {
      inclusionProof: { checkpoint: { envelope: checkpoint }, logIndex: `${index}`, hashes: hashes.map(bytes) },
      canonicalizedBody: bytes(entry),
    };
    const log = {
      logID: bytes(keyId), baseURL: `https://${origin}`,
      publicKey: createPublicKey({ key: bytes(publicKey), format: 'der', type: 'spki' }),
    };
    try {
      const found = verifyCheckpoint(given, [log]);
      verifyMerkleInclusion(given, found);
      return found.origin === origin ? '' : `of ${found.origin}`;
    } catch (error) {
      return `${error.message}`;
    }
  },
};

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [operation, given] = JSON.parse(line);
    process.stdout.write(`${JSON.stringify({ ok: operations[operation](given) })}\n`);
  }
})();
