// UUIDs of version 5: the same name gives the same id, here and everywhere. WebCrypto only hashes asynchronously.

// A namespace of Forepost's own, at random once.
const NAMESPACE = '6f3c9d4a-50f1-4a07-9b2e-1f0c8f6f2d11';

/** The UUID of a name, as RFC 9562 makes version 5. */
export function uuidOf(name) {
  const space = NAMESPACE.replaceAll('-', '').match(/../g).map((byte) => parseInt(byte, 16));
  const hash = sha1(Uint8Array.from([...space, ...new TextEncoder().encode(name)])).subarray(0, 16);
  hash[6] = (hash[6] & 0x0f) | 0x50;
  hash[8] = (hash[8] & 0x3f) | 0x80;
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** SHA-1, FIPS 180-4. */
export function sha1(bytes) {
  const padded = new Uint8Array(((bytes.length + 8) >> 6 << 6) + 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, bytes.length * 8);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  const rotate = (word, by) => (word << by) | (word >>> (32 - by));
  const words = new Int32Array(80);
  for (let block = 0; block < padded.length; block += 64) {
    for (let i = 0; i < 80; i += 1) {
      words[i] = i < 16 ? view.getInt32(block + 4 * i) : rotate(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
    }
    let [a, b, c, d, e] = state;
    for (let i = 0; i < 80; i += 1) {
      const [mixed, constant] = [
        [(b & c) | (~b & d), 0x5a827999], [b ^ c ^ d, 0x6ed9eba1], [(b & c) | (b & d) | (c & d), 0x8f1bbcdc], [b ^ c ^ d, 0xca62c1d6],
      ][Math.floor(i / 20)];
      [a, b, c, d, e] = [(rotate(a, 5) + mixed + e + constant + words[i]) | 0, a, rotate(b, 30), c, d];
    }
    [a, b, c, d, e].forEach((word, i) => { state[i] = (state[i] + word) | 0; });
  }
  const hash = new Uint8Array(20);
  state.forEach((word, i) => new DataView(hash.buffer).setInt32(4 * i, word));
  return hash;
}
