// Distributions of single intervals: read as the server writes them, and merged
// into what a longer stretch has. Values are nanoseconds within, milliseconds
// outside.

const finest = 11; // leading bits: 3 significant digits
const half = 1 << (finest - 1);

// bucketAt is the least value of a bucket of so many leading bits, and its width.
function bucketAt(index, bits) {
  const half = 1 << (bits - 1);
  if (index < 2 * half) return [index, 1];
  const shift = Math.floor(index / half) - 1;
  return [(index - shift * half) * 2 ** shift, 2 ** shift];
}

function indexOf(value) {
  const shift = Math.max(Math.floor(Math.log2(value)) + 1 - finest, 0);
  return shift * half + Math.floor(value / 2 ** shift);
}

class Bits {
  constructor(text) {
    this.bytes = atob(text);
    this.at = 24; // behind the three bytes of the head
  }

  bit() {
    const byte = this.bytes.charCodeAt(this.at >> 3);
    return (byte >> (7 - (this.at++ & 7))) & 1;
  }

  take(n) {
    let v = 0;
    for (; n > 0; n--) v = v * 2 + this.bit();
    return v;
  }

  golomb(order) {
    let zeros = 0;
    while (this.bit() === 0) if (++zeros > 60) throw new Error("a distribution cannot be read");
    const top = 2 ** zeros + this.take(zeros);
    return (top - 1) * 2 ** order + this.take(order);
  }
}

// read gives the places and counts of a distribution's buckets. Coarse buckets stand
// at their middle.
function read(text) {
  const bits = new Bits(text);
  const [leading, wide, high] = [0, 1, 2].map((i) => bits.bytes.charCodeAt(i));
  const n = bits.golomb(6);
  const at = new Int32Array(n);
  const counts = new Float64Array(n);
  let next = 0;
  for (let i = 0; i < n; i++) {
    next += bits.golomb(i === 0 ? 12 : wide);
    counts[i] = bits.golomb(high) + 1;
    at[i] = placeOf(next++, leading);
  }
  return { at, counts, error: leading === finest ? 0 : 2 ** -leading };
}

let openTexts = new Map();

// opened is read, once for each text: as an interval has it, or with the bits of a
// report's slices as those have it.
export function opened(text, bits) {
  if (!text) return null;
  const key = bits ? bits + text : text;
  let one = openTexts.get(key);
  if (!one) {
    if (openTexts.size > 30000) openTexts = new Map();
    openTexts.set(key, (one = bits ? readSlice(text, bits) : read(text)));
  }
  return one;
}

// readSlice is read for a slice's distribution: numbers of seven bits a byte.
function readSlice(text, bits) {
  const bytes = atob(text);
  const at = [];
  const counts = [];
  let place = 0;
  const number = () => {
    let v = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes.charCodeAt(place++);
      v += (byte & 127) * scale;
      if (byte < 128) return v;
    }
  };
  let next = 0;
  while (place < bytes.length) {
    const x = number();
    const [gap, count] = x % 2 === 0 ? [x / 2, 1] : x % 4 === 3 ? [0, (x - 3) / 4 + 2] : [(x - 1) / 4, number()];
    next += gap;
    at.push(placeOf(next++, bits));
    counts.push(count);
  }
  return { at, counts, error: bits === finest ? 0 : 2 ** -bits };
}

// placeOf is the finest bucket in the middle of one of so many bits.
function placeOf(index, bits) {
  if (bits === finest) return index;
  const [low, width] = bucketAt(index, bits);
  return indexOf(low + width / 2);
}

const scratch = new Float64Array(34000);

// Sum is a distribution made of those of some intervals, as texts or opened.
export class Sum {
  constructor(texts) {
    const touched = [];
    this.count = 0;
    this.error = 0; // by which a value may be off, as a share of it
    for (const text of texts) {
      const one = typeof text === "string" ? opened(text) : text;
      if (!one) continue;
      this.error = Math.max(this.error, one.error);
      for (let i = 0; i < one.at.length; i++) {
        if (scratch[one.at[i]] === 0) touched.push(one.at[i]);
        scratch[one.at[i]] += one.counts[i];
        this.count += one.counts[i];
      }
    }
    this.places = Int32Array.from(touched).sort();
    this.counts = Float64Array.from(this.places, (at) => scratch[at]);
    for (const at of this.places) scratch[at] = 0;
  }

  // at is the value of the sample that a quantile stands for, null with too few.
  at(q) {
    if (this.count < needs(q)) return null;
    let left = Math.ceil(q * this.count - 1e-9);
    for (let i = 0; i < this.places.length; i++) {
      left -= this.counts[i];
      if (left <= 0) return upperEnd(this.places[i]);
    }
    return null;
  }

  min() {
    return this.count === 0 ? null : rounded(bucketAt(this.places[0], finest)[0]);
  }

  max() {
    return this.count === 0 ? null : upperEnd(this.places.at(-1));
  }

  mean() {
    let sum = 0;
    this.places.forEach((at, i) => {
      const [low, width] = bucketAt(at, finest);
      sum += (low + Math.floor(width / 2)) * this.counts[i];
    });
    return this.count === 0 ? null : rounded(sum / this.count);
  }

  // summary has the keys that a report's summaries have.
  summary() {
    const { count } = this;
    return {
      count, min: this.min(), mean: this.mean(), stddev: null, p50: this.at(0.5), p75: this.at(0.75), p90: this.at(0.9), p95: this.at(0.95),
      p99: this.at(0.99), p99_9: this.at(0.999), p99_99: this.at(0.9999), max: this.max(), error: this.error,
    };
  }

  // bins counts by so many logarithmic bins a decade: pairs of bin and count.
  bins(perDecade) {
    const list = [];
    this.places.forEach((at, i) => {
      const low = bucketAt(at, finest)[0];
      const bin = low > 0 ? Math.floor(perDecade * Math.log10(low)) : 0;
      if (list.length > 0 && list.at(-1)[0] === bin) list.at(-1)[1] += this.counts[i];
      else list.push([bin, this.counts[i]]);
    });
    return list;
  }
}

// needs is the number of samples below which a quantile says nothing.
export const needs = (q) => (q === 0.5 ? 1 : Math.ceil(1 / Math.min(q, 1 - q) - 1e-6));

const upperEnd = (at) => {
  const [low, width] = bucketAt(at, finest);
  return rounded(low + width - 1);
};

// rounded is in milliseconds, as reports round: to whole microseconds from 1 ms on.
const rounded = (ns) => (ns >= 1e6 ? Math.round(ns / 1e3) / 1e3 : Math.round(ns) / 1e6);
