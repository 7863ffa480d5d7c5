import { formatCount } from "./format.js";

// Failures by kind over time: the layers over what succeeded.

const shown = 4; // kinds with a colour of their own

// kindWords is a kind of failure in words: 429, timeout reply.
export function kindWords({ kind, status }) {
  return status ? `${status}` : String(kind).replaceAll("_", " ");
}

// kindColumns are the layers of failures, the most frequent kind first: each with its
// counts by bucket, which sum up to what failed in it.
export function kindColumns(report, buckets) {
  const layers = [];
  const failed = buckets.map((bucket) => bucket.failed);
  if (report.requests.failed > 0 || failed.some((n) => n > 0)) layers.push(...byKind(report, buckets, failed));
  const cut = buckets.map((bucket) => bucket.cut_off || 0);
  if (cut.some((n) => n > 0)) layers.push({ label: "cut off", meaning: "cut", counts: cut });
  return layers;
}

function byKind(report, buckets, failed) {
  const pieces = piecesOf(report);
  if (pieces === null || pieces.kinds.length < 2) {
    const only = pieces?.kinds[0] ?? (report.errors.length === 1 ? report.errors[0] : null);
    return [{ label: only ? `failed ${kindWords(only)}` : "failed", meaning: "failed", counts: failed }];
  }
  // Kinds that read the same are one layer.
  const names = [...new Set(pieces.kinds.map(kindWords))];
  const place = pieces.kinds.map((kind) => names.indexOf(kindWords(kind)));
  const columns = names.map(() => buckets.map(() => 0));
  buckets.forEach((bucket, i) => {
    const shares = pieces.shares(bucket);
    const all = shares.reduce((sum, [, n]) => sum + n, 0);
    for (const [k, n] of shares) columns[place[k]][i] += all > 0 ? (failed[i] * n) / all : 0;
  });
  const totals = columns.map((column) => column.reduce((a, b) => a + b, 0));
  const order = names.map((_, k) => k).toSorted((a, b) => totals[b] - totals[a]);
  const layers = order.slice(0, shown).map((k, i) => ({ label: `failed ${names[k]}`, meaning: i === 0 ? "failed" : `kind-${i + 1}`, counts: columns[k] }));
  const rest = order.slice(shown);
  if (rest.length > 0) layers.push({ label: `${formatCount(rest.length)} other kinds`, meaning: "kind-other", counts: buckets.map((_, i) => rest.reduce((sum, k) => sum + columns[k][i], 0)) });
  return layers.filter(({ counts }) => counts.some((n) => n > 0));
}

// piecesOf tells of each bucket how many requests failed by which kind; null where that
// is not known.
function piecesOf(report) {
  const { slices } = report;
  if (!slices) return null;
  return fromLists([...slices.kinds, { kind: "other" }], slices.list.map(({ t_s, width_s, kinds }) => ({ t_s, width_s, kinds: (kinds ?? []).flat() })));
}

function fromLists(kinds, list) {
  const overlaps = (piece, bucket) => piece.kinds.length > 0 && piece.t_s < bucket.t_s + bucket.width_s - 1e-6 && piece.t_s + piece.width_s > bucket.t_s + 1e-6;
  const filled = list.filter((piece) => piece.kinds.length > 0);
  const shares = (bucket) => filled.filter((piece) => overlaps(piece, bucket)).flatMap(({ kinds }) => Array.from({ length: kinds.length / 2 }, (_, i) => [kinds[2 * i], kinds[2 * i + 1]]));
  const some = kinds.length > 0 && filled.length > 0;
  return some ? { kinds, shares } : null;
}
