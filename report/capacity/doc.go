// Package capacity finds the highest load at which an endpoint keeps its service
// level objectives: a rate, or a number of clients.
//
//	Search ── level ──► step ── attack.Run ──► report ── rules ──► evidence
//	   ▲                                                              │
//	   └────────────── held, broken, brunt was the limit ◄────────────┘
//	   └─► answer: sentence, bounds, table of steps, sizes
//
// search.go decides which load comes next and when the answer is known; it has no
// clock, no network and no random numbers, so that tests run a thousand of them in
// a second. judge.go and trend.go say what one step has shown, interval.go what all
// of them together leave open, closing.go when that is enough, fit.go is the straight line and the ceiling through a
// table of concurrencies. steps.go makes the steps, command.go is brunt capacity,
// answer.go puts all of it into words.
//
// May import: attack, attack/figure, attack/plan, attack/result, report, report/config,
// report/format, report/job, report/output, report/panel, report/rules.
package capacity
