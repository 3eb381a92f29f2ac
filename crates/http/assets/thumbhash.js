// @ts-check
// ThumbHash (https://evanw.github.io/thumbhash/): some 25 bytes hold the first cosine terms of a small picture's brightness
// and of its two differences of colour, of its transparency too. This turns them into pixels.

/**
 * @param {Uint8Array} hash
 * @returns {ImageData | null} a picture of at most 24 pixels a side; null if these bytes are no ThumbHash
 */
export function pixels(hash) {
  if (hash.length < 5) return null;
  const bits = (from, count) => {
    let value = 0;
    for (let at = 0; at < count; at++) {
      const bit = from + at;
      value |= ((hash[bit >> 3] >> (bit & 7)) & 1) << at;
    }
    return value;
  };
  // The head: five means and scales, and the shape.
  const mean = { light: bits(0, 6) / 63, yellow: bits(6, 6) / 31.5 - 1, red: bits(12, 6) / 31.5 - 1 };
  const scale = { light: bits(18, 5) / 31, yellow: (bits(27, 6) / 63) * 1.25, red: (bits(33, 6) / 63) * 1.25 };
  const clear = bits(23, 1) === 1;
  const wide = bits(39, 1) === 1;
  const [shorter, longer] = [bits(24, 3), clear ? 5 : 7];
  const across = wide ? longer : shorter;
  const down = wide ? shorter : longer;
  if (!across || !down || (clear && hash.length < 6)) return null;
  const opaque = clear ? { mean: bits(40, 4) / 15, scale: bits(44, 4) / 15 } : { mean: 1, scale: 0 };

  // The terms, half a byte each.
  let next = clear ? 48 : 40;
  const terms = (x, y, by) => {
    const found = [];
    for (let v = 0; v < y; v++) {
      for (let u = v ? 0 : 1; u * y < x * (y - v); u++) {
        if (next + 4 > hash.length * 8) return null;
        found.push({ u, v, by: (bits(next, 4) / 7.5 - 1) * by });
        next += 4;
      }
    }
    return found;
  };
  const light = terms(Math.max(3, across), Math.max(3, down), scale.light);
  const yellow = terms(3, 3, scale.yellow);
  const red = terms(3, 3, scale.red);
  const alpha = clear ? terms(5, 5, opaque.scale) : [];
  if (!light || !yellow || !red || !alpha) return null;

  const ratio = across / down;
  const width = Math.max(1, Math.round(ratio > 1 ? 24 : 24 * ratio));
  const height = Math.max(1, Math.round(ratio > 1 ? 24 / ratio : 24));
  const wave = (count) => Array.from({ length: count }, (_, at) =>
    Array.from({ length: 8 }, (_, n) => Math.cos((Math.PI / count) * (at + 0.5) * n)));
  const [overX, overY] = [wave(width), wave(height)];
  const picture = new ImageData(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sum = (start, list) => list.reduce((all, { u, v, by }) => all + 2 * by * overX[x][u] * overY[y][v], start);
      const l = sum(mean.light, light);
      const p = sum(mean.yellow, yellow);
      const q = sum(mean.red, red);
      const a = clear ? sum(opaque.mean, alpha) : 1;
      const b = l - (2 / 3) * p;
      const r = (3 * l - b + q) / 2;
      const g = r - q;
      picture.data.set([r, g, b, a].map((part) => 255 * Math.min(1, Math.max(0, part))), 4 * (y * width + x));
    }
  }
  return picture;
}
