// Package poll tells an event loop when there is something to do: a connection that
// something has come on, or that takes more bytes, or an instant that has come. A
// Poller waits for both at once, and lets go of the loop's lock while it waits.
//
//	connections ─► Watch ─┐
//	next instant ─► Wait ─┴► []Event
//	other goroutines ─► Due, Wake end a wait
//
// A Receiver is one that receives and sends by itself: its events hold what has come.
//
// May import: attack/clock.
package poll
