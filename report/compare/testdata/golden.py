#!/usr/bin/env python3
"""Computes what compare's tests are held against, independently of the Go code:
from raw values and not from histograms, with numpy and scipy (python3-scipy of
Debian). Run it in this directory; it writes golden.json.
"""
import json
import math

import numpy as np
from scipy import stats

rng = np.random.default_rng(20)
CONFIDENCE, DRAWN, POWER = 0.95, 0.975, stats.norm.ppf(0.8)


def ranks(a, b, cut):
    d = np.sort([y - x for x in a for y in b])
    u = stats.mannwhitneyu(b, a, alternative="two-sided", method="exact")
    out = {"a": list(a), "b": list(b), "cut": cut, "u": float(u.statistic), "p": float(u.pvalue),
           "shift": float(np.median(d)), "low": float(d[cut - 1]), "high": float(d[len(d) - cut])}
    return out


def autocovariance(x, k):
    x = x - x.mean()
    return float((x[: len(x) - k] * x[k:]).sum() / len(x))


def block_length(x):
    """Politis and White (2004), corrected by Patton, Politis and White (2009)."""
    x = np.asarray(x, dtype=float)
    n = len(x)
    r0 = autocovariance(x, 0)
    if n < 8 or r0 <= 0:
        return 1.0
    run = max(5, math.ceil(math.sqrt(math.log10(n))))
    most = min(math.ceil(math.sqrt(n)) + run, n - 1)
    band = 2 * math.sqrt(math.log10(n) / n)
    rho = [abs(autocovariance(x, k) / r0) for k in range(1, most + 1)]
    m = None
    for k in range(0, most - run + 1):  # the first lag after which run of them are small
        if all(v < band for v in rho[k: k + run]):
            m = k
            break
    if m is None:
        large = [k + 1 for k, v in enumerate(rho) if v >= band]
        m = max(large) if large else 0
    if m == 0:
        return 1.0
    window = min(2 * m, n - 1)
    k = np.arange(-window, window + 1)
    t = np.abs(k) / window
    lam = np.where(t <= 0.5, 1.0, 2 * (1 - t))
    r = np.array([autocovariance(x, abs(j)) for j in k])
    g = float((lam * np.abs(k) * r).sum())
    spectrum = float((lam * r).sum())
    if spectrum <= 0:
        return 1.0
    b = (2 * g * g / (2 * spectrum ** 2)) ** (1 / 3) * n ** (1 / 3)
    return float(min(max(b, 1.0), n / 4))


def persistence(x, length):
    """By how much more an AR(1) series with x's lag-one correlation varies than the
    stationary bootstrap of that mean block length shows, and how many independent values
    one is worth. The correction of the correlation is Kendall's (1954)."""
    x = np.asarray(x, dtype=float)
    n = len(x)
    r = np.array([autocovariance(x, k) for k in range(n)])
    if r[0] <= 0:
        return 1.0, 1.0
    k = np.arange(1, n)
    seen = r[0] + 2 * ((1 - k / n) * (1 - 1 / length) ** k * r[1:]).sum()
    phi = r[1] / r[0]
    if phi < 2 / math.sqrt(n) or seen <= 0:
        return 1.0, 1.0
    phi = min(phi + (1 + 4 * phi) / n + math.sqrt((1 - phi * phi) / n) / 2, 0.95)
    return max(1.0, math.sqrt(r[0] * (1 + phi) / (1 - phi) / seen)), (1 - phi) / (1 + phi)


def series(n, per, median, phi, wander):
    level, rows = wander * rng.standard_normal(), []
    for _ in range(n):
        level = phi * level + wander * math.sqrt(1 - phi * phi) * rng.standard_normal()
        rows.append(np.round(median * np.exp(level + 0.3 * rng.standard_normal(per)) * 1e6).astype(int))
    return rows


QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}


def quantile(values, p):
    values = np.sort(values)
    return values[max(math.ceil(p * len(values)), 1) - 1]


def resample(rows, replicates=4000):
    n = len(rows)
    everything = np.concatenate(rows)
    value = {q: math.log(quantile(everything, p)) for q, p in QUANTILES.items()}
    pulls = {q: [(r > quantile(everything, p)).sum() - (1 - p) * len(r) for r in rows] for q, p in QUANTILES.items()}
    length = max([1.0] + [block_length(x) for x in pulls.values()])
    drawn = {q: np.empty(replicates) for q in QUANTILES}
    for i in range(replicates):
        index, at = [], rng.integers(n)
        for _ in range(n):
            index.append(at)
            at = rng.integers(n) if rng.random() < 1 / length else (at + 1) % n
        values = np.concatenate([rows[j] for j in index])
        for q, p in QUANTILES.items():
            drawn[q][i] = math.log(quantile(values, p))
    blocks = n / length
    more = {q: persistence(x, length) for q, x in pulls.items()}
    least, total = {}, len(everything)
    for q, p in QUANTILES.items():
        d = math.sqrt(p * (1 - p) / total)
        least[q] = math.log(quantile(everything, min(p + d, 1)) / quantile(everything, p - d)) / 2
    error = {q: max(drawn[q].std(ddof=1) * math.sqrt(blocks / (blocks - 1)) * more[q][0], least[q]) for q in QUANTILES}
    blocks = min([blocks] + [n * share for _, share in more.values()])
    return value, drawn, error, blocks, length


def pair(name, a, b):
    va, da, ea, ka, la = resample(a)
    vb, db, eb, kb, lb = resample(b)
    largest = np.zeros(len(da["p50"]))
    for q in QUANTILES:
        d = db[q] - da[q]
        largest = np.maximum(largest, np.abs(d - d.mean()) / d.std(ddof=1))
    df = 4 / (1 / (ka - 1) + 1 / (kb - 1))
    reach = max(np.quantile(largest, DRAWN), stats.norm.ppf(1 - (1 - DRAWN) / 2))
    reach *= stats.t.ppf(1 - (1 - CONFIDENCE) / 2, df) / stats.norm.ppf(1 - (1 - CONFIDENCE) / 2)
    figures = {}
    for q in QUANTILES:
        d, e = vb[q] - va[q], math.hypot(ea[q], eb[q])
        figures[q] = {"difference": math.expm1(d), "low": math.expm1(d - reach * e), "high": math.expm1(d + reach * e),
                      "detectable": math.expm1((reach + POWER) * e)}
    return {"name": name, "length": [la, lb], "base": [r.tolist() for r in a], "new": [r.tolist() for r in b], "figures": figures}


def ar1(n, phi):
    x = [rng.standard_normal()]
    for _ in range(n - 1):
        x.append(phi * x[-1] + rng.standard_normal())
    return [round(v, 6) for v in x]


golden = {
    "ranks": [
        ranks([20.1, 21.3, 19.8, 20.7, 20.2], [22.0, 21.9, 23.1, 22.5, 21.4], 3),
        ranks([20.1, 21.3, 19.8, 20.7], [20.4, 21.9, 19.5, 20.9, 21.1], 2),
        ranks([1.5, 9.25, 3.0, 4.5, 2.75, 8.0], [2.0, 11.5, 6.5, 7.0, 3.25, 12.0, 10.0], 7),
    ],
    "blocks": [{"series": s, "length": block_length(s)} for s in (ar1(120, 0.0), ar1(120, 0.5), ar1(240, 0.8), ar1(60, 0.9))],
    "student": [{"df": df, "quantile": float(stats.t.ppf(0.975, df))} for df in (1, 2, 3.7, 10, 58, 500)],
    "pairs": [
        pair("alike", series(40, 30, 20, 0, 0), series(40, 30, 20, 0, 0)),
        pair("slower", series(40, 30, 20, 0, 0), series(40, 30, 23, 0, 0)),
        pair("wandering", series(60, 20, 20, 0.6, 0.1), series(60, 20, 20, 0.6, 0.1)),
    ],
}
with open("golden.json", "w") as out:
    json.dump(golden, out, separators=(",", ":"))
    out.write("\n")
