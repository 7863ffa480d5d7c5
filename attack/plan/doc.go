// Package plan decides when requests are sent and when a run is over: pure functions of
// a ticket's number, without a clock, a connection or a random number that equal plans
// would not share.
//
//	words ─► Stage, rate ─► Plan ─► Schedule ─► instant of ticket k
//	                         │  ▲
//	                Validate │  │ Complete (what the machine's limits leave of it)
//
// A ticket is one planned request. Instants count from the schedule's start; measured
// tickets begin anew at 0 with the warm-up's end.
//
// May import: attack/arrivals, attack/expect, attack/figure, attack/host, attack/spell,
// payloads/regex, payloads/setting.
package plan
