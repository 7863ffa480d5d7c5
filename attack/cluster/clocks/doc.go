// Package clocks estimates how far another machine's clock is from this one's, and how
// well that is known, from round trips of small messages:
//
//	this machine    Sent ─────────╮             ╭────────► Back
//	                               ╲           ╱
//	the other one            Received ─► Answered
//
// A message cannot arrive before it is sent. So the other clock is ahead by at most
// Received - Sent and by at least Answered - Back, whatever either way took: the middle
// of the two is the estimate, and half of what lies between them (the round trip without
// the other machine's own time) is its uncertainty. Of the last samples the one with the
// least uncertainty counts, as in NTP; an older one is less certain, since clocks drift.
// What no delay can explain is a step of a clock: samples from before it are forgotten.
//
// It reads no clock itself: its caller does.
//
// May import: nothing of brunt.
package clocks
