//go:build !race

package result

import (
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
)

const (
	ms  = time.Millisecond
	sec = time.Second
)

// scenarios are what a careful engineer would say of a run, written down before
// the rules: the headline (a regular expression of all of it), what bounded the
// load, how far the figures can be trusted, and what the reasons say.
var scenarios = []struct {
	name              string
	world             world
	headline          string
	limit, trust      string
	reasons           string // found in them
	neverInReasons    string
	leastOff, mostOff time.Duration // of Verdict.Error
}{
	// An endpoint that does what it is asked to.
	{name: "healthy", world: world{rate: 500}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull, reasons: "brunt used 5 % of 2 cores"},
	{name: "healthy, closed loop", world: world{concurrency: 16}, headline: "the endpoint set the pace", limit: LimitNone, trust: TrustFull},
	{name: "one closed loop connection", world: world{concurrency: 1}, headline: "the endpoint set the pace", limit: LimitNone, trust: TrustFull},
	{name: "a closed loop over a queue", world: world{concurrency: 64, servers: 4}, headline: "the endpoint set the pace", limit: LimitNone, trust: TrustFull},
	{name: "stages within its capacity", world: world{rate: 1, stages: "5s@100, 10s@100..1200, 10s@1200", duration: 25 * sec, servers: 32}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "a stage beyond its capacity", world: world{rate: 1, stages: "10s@300, 10s@1200, 20s@100", duration: 40 * sec, servers: 16}, headline: `the endpoint fell behind in stage 2 \(1,200/s, from 10.0 s to 20.0 s\): it answered slower and slower, and requests in flight rose from [0-9,]+ to [34],[0-9]+`, limit: LimitEndpoint, trust: TrustFull},
	{name: "such a stage under way", world: world{rate: 1, stages: "10s@300, 20s@1200", duration: 30 * sec, servers: 16, at: 20 * sec}, headline: `the endpoint fell behind in stage 2 .*`, limit: LimitEndpoint, trust: TrustFull},
	{name: "such a stage at its beginning", world: world{rate: 1, stages: "10s@300, 20s@400", duration: 30 * sec, servers: 16, at: 12 * sec}, headline: `the endpoint kept up`, limit: LimitNone, trust: TrustFull},
	{name: "a ramp beyond its capacity", world: world{rate: 1, stages: "30s@100..1600", duration: 30 * sec, servers: 16}, headline: `the endpoint fell behind in stage 1 \(100/s to 1,600/s, from 0 s to 30.0 s\): .*`, limit: LimitEndpoint, trust: TrustFull},
	{name: "a ramp down", world: world{rate: 1, stages: "20s@700..100", duration: 20 * sec, servers: 16}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "a ramp of slow requests", world: world{rate: 1, stages: "20s@10..500", duration: 20 * sec, service: took(700 * ms)}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "a step of slow requests", world: world{rate: 1, stages: "10s@50, 10s@200", duration: 20 * sec, service: took(700 * ms)}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "a pause of the load", world: world{rate: 1, stages: "5s@300, 5s@0, 5s@300", duration: 15 * sec}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "a pause of the endpoint in a stage", world: world{rate: 1, stages: "5s@300, 10s@100", duration: 15 * sec, pauses: [][2]time.Duration{{7 * sec, 10 * sec}}}, headline: `the endpoint kept up, but for a pause: no reply came for 3.0.* s, from (6.9|7.0).* s of the run on`, limit: LimitNone, trust: TrustFull},
	{name: "a stage too short to tell", world: world{rate: 1, stages: "20s@20, 4s@100", duration: 24 * sec, service: took(5 * sec)}, headline: `the endpoint answered, but stage 2 \(100/s\) was too short to show whether it keeps up: it lasted 4.00 s, and a response takes about 5.0.* s`, limit: LimitNone, trust: TrustFull},
	{name: "one request", world: world{rate: 1, duration: sec}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "slow, and in time", world: world{rate: 100, service: took(300 * ms)}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "varying much", world: world{rate: 100, service: spread(100*ms, 1, 1)}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "at half of its capacity", world: world{rate: 400, servers: 16, service: spread(20*ms, 0.25, 1)}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "just below its capacity", world: world{rate: 760, servers: 16, duration: 30 * sec, service: spread(20*ms, 0.25, 1)}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "a few failures", world: world{rate: 500, fault: each(500, "status_500", 500)}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull, reasons: `10 of 5,000 requests failed \(0.2 %\), with status_500`},
	{name: "stopped by its user", world: world{rate: 500, stopAt: 4 * sec}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "after a warm-up", world: world{rate: 50, warmup: 5 * sec, service: took(2 * sec)}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "cut, with a few in flight", world: world{rate: 500, cut: true}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "cut, all in flight of a closed loop", world: world{concurrency: 8, cut: true, service: took(700 * ms)}, headline: "the endpoint set the pace", limit: LimitNone, trust: TrustFull},

	// Replies that take long: all that was sent is in flight until they come.
	{name: "20 s a reply, at 11 s", world: world{rate: 5, duration: 120 * sec, service: took(20 * sec), at: 11 * sec}, headline: "no reply yet: 55 requests in flight, the longest for about 11.0 s", limit: LimitNone, trust: TrustFull},
	{name: "20 s a reply, at 19 s", world: world{rate: 5, duration: 120 * sec, service: took(20 * sec), at: 19 * sec}, headline: "no reply yet: .*", limit: LimitNone, trust: TrustFull},
	{name: "20 s a reply, at 25 s", world: world{rate: 5, duration: 120 * sec, service: took(20 * sec), at: 25 * sec}, headline: "filling: 100 requests in flight; a response takes about 20.0 s, so whether the endpoint keeps up shows from 40.0 s of the run on", limit: LimitNone, trust: TrustFull},
	{name: "20 s a reply, at 60 s", world: world{rate: 5, duration: 120 * sec, service: took(20 * sec), at: 60 * sec}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "20 s a reply, done", world: world{rate: 5, duration: 120 * sec, service: took(20 * sec)}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "20 s a reply, in a load of 15 s", world: world{rate: 5, duration: 15 * sec, service: took(20 * sec)}, headline: "the endpoint answered, but the load was too short to show whether it keeps up: it lasted 15.0 s, and a response takes about 20.0 s", limit: LimitNone, trust: TrustFull},
	{name: "20 s a reply, closed loop at 10 s", world: world{concurrency: 8, duration: 120 * sec, service: took(20 * sec), at: 10 * sec}, headline: "no reply yet: 8 requests in flight, .*", limit: LimitNone, trust: TrustFull},
	{name: "language model, starting", world: world{rate: 10, duration: 60 * sec, service: spread(8*sec, 0.5, 2), at: 9 * sec}, headline: "filling: .*", limit: LimitNone, trust: TrustFull},
	{name: "language model, going on", world: world{rate: 10, duration: 60 * sec, service: spread(8*sec, 0.5, 2)}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "answers of 2 to 60 s, at 10 s", world: world{rate: 5, duration: 300 * sec, service: even(2*sec, 60*sec, 3), at: 10 * sec}, headline: "filling: .*", limit: LimitNone, trust: TrustFull},
	{name: "answers of 2 to 60 s, at 30 s", world: world{rate: 5, duration: 300 * sec, service: even(2*sec, 60*sec, 3), at: 30 * sec}, headline: "filling: .*|the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "answers of 2 to 60 s, done", world: world{rate: 5, duration: 300 * sec, service: even(2*sec, 60*sec, 3)}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "all cut off", world: world{rate: 20, cut: true, service: took(50 * sec)}, headline: "the endpoint gave no reply: all 200 requests still had none when the run was cut off after 10.0 s", limit: LimitEndpoint, trust: TrustFull},
	{name: "a rate raised in mid-run", world: world{rate: 100, changes: []plan.Change{{At: 8 * sec, Rate: perSec(400)}}, service: took(sec), at: 9 * sec, duration: 60 * sec}, headline: "filling: .*|the endpoint kept up", limit: LimitNone, trust: TrustFull},

	// An endpoint that does not bear the load.
	{name: "at 1.05 of its capacity", world: world{rate: 105, servers: 10, duration: 30 * sec, service: spread(97*ms, 0.25, 4)}, headline: `the endpoint fell behind: it answered slower and slower, and requests in flight rose from \d+ to \d+`, limit: LimitEndpoint, trust: TrustFull},
	{name: "at twice its capacity", world: world{rate: 200, servers: 10, service: took(100 * ms)}, headline: "the endpoint fell behind: .*", limit: LimitEndpoint, trust: TrustFull},
	{name: "at twice its capacity, running", world: world{rate: 200, servers: 10, duration: 60 * sec, service: took(100 * ms), at: 8 * sec}, headline: "the endpoint fell behind: .*", limit: LimitEndpoint, trust: TrustFull},
	{name: "at ten times its capacity", world: world{rate: 1000, servers: 10, service: took(100 * ms)}, headline: "the endpoint left 33 % of the requests without a complete reply within the time-out of 60.0 s, from 6.6. s of the run on", limit: LimitEndpoint, trust: TrustFull},
	{name: "an overload that was taken back", world: world{rate: 50, servers: 10, duration: 60 * sec, service: slowWithin(100*ms, 400*ms, 10*sec, 20*sec)}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "a third refused", world: world{rate: 150, fault: each(3, "status_429", 429), service: took(sec), late: tail(0.01, 10*ms)}, headline: `the endpoint refused 33 % of the requests \(429\)`, limit: LimitEndpoint, trust: TrustFull, neverInReasons: "late"},
	{name: "a queue that overflows", world: world{rate: 200, servers: 1, queue: 1}, headline: `the endpoint refused 7\d % of the requests \(429\)`, limit: LimitEndpoint, trust: TrustFull},
	{name: "nobody listens", world: world{rate: 20, duration: sec, fault: each(1, endpoint.Refused, 0), late: took(10 * ms)}, headline: "the endpoint refused the connection for all 20 requests", limit: LimitEndpoint, trust: TrustFull},
	{name: "the name is unknown", world: world{rate: 20, fault: each(1, endpoint.DNS, 0)}, headline: "the endpoint's name could not be resolved for all 200 requests", limit: LimitEndpoint, trust: TrustFull},
	{name: "two kinds of failures", world: world{rate: 100, fault: both(each(4, "status_503", 503), each(10, KindReset, 0))}, headline: `the endpoint answered 25 % of the requests with 503; another 5 % failed \(reset\)`, limit: LimitEndpoint, trust: TrustFull},
	{name: "failures for a while", world: world{rate: 100, duration: 30 * sec, fault: within(8*sec, 12*sec, "status_500", 500)}, headline: "the endpoint answered 13 % of the requests with 500, between 8.0. s and 12.0 s of the run", limit: LimitEndpoint, trust: TrustFull},
	{name: "failures to the end", world: world{rate: 100, fault: within(8*sec, 99*sec, KindReset, 0)}, headline: "the endpoint reset the connections of 20 % of the requests, from 8.0. s of the run on", limit: LimitEndpoint, trust: TrustFull},
	{name: "too slow for the time-out", world: world{rate: 20, timeout: 2 * sec, service: took(3 * sec)}, headline: "the endpoint left all 200 requests without a complete reply within the time-out of 2.00 s", limit: LimitEndpoint, trust: TrustFull},
	{name: "refused credentials", world: world{rate: 20, fault: each(1, "status_403", 403)}, headline: `the endpoint denied all 200 requests \(403\)`, limit: LimitEndpoint, trust: TrustFull},
	{name: "failures of a closed loop", world: world{concurrency: 4, fault: each(2, "status_500", 500)}, headline: "the endpoint answered 50 % of the requests with 500", limit: LimitEndpoint, trust: TrustFull},
	{name: "a pause", world: world{rate: 100, pauses: [][2]time.Duration{{5 * sec, 8 * sec}}, duration: 30 * sec}, headline: "the endpoint kept up, but for a pause: no reply came for 3.0. s, from (?:4.99|5.0.) s of the run on", limit: LimitNone, trust: TrustFull},
	{name: "a pause, closed loop", world: world{concurrency: 4, pauses: [][2]time.Duration{{5 * sec, 8 * sec}}, duration: 30 * sec}, headline: "the endpoint set the pace, but for a pause: no reply came for 3.0. s, from (?:4.99|5.0.) s of the run on", limit: LimitNone, trust: TrustFull},
	{name: "a short pause", world: world{rate: 50, duration: 5 * sec, pauses: [][2]time.Duration{{1100 * ms, 2900 * ms}}}, headline: "the endpoint kept up, but for a pause: no reply came for 1.8. s, from 1.(?:0[89]|1.) s of the run on", limit: LimitNone, trust: TrustFull},
	{name: "slow first replies", world: world{rate: 40, duration: 5 * sec, service: took(10 * ms), pauses: [][2]time.Duration{{0, 3 * sec}}}, headline: "the endpoint kept up, but for a pause: no reply came for 3.0. s, from its beginning on", limit: LimitNone, trust: TrustFull},
	{name: "answering with 504 after a while", world: world{rate: 20, duration: 2 * sec, fault: each(1, "status_504", 504), faultTakes: 1500 * ms}, headline: "the endpoint answered all 40 requests with 504", limit: LimitEndpoint, trust: TrustFull},
	{name: "503 of a stopped client", world: world{rate: 50, duration: 2 * sec, fault: each(1, "status_503", 503), late: stall(500*ms, 1300*ms), delays: []time.Duration{800 * ms}}, headline: "the endpoint answered all 100 requests with 503", limit: LimitEndpoint, trust: TrustNone},
	{name: "a late p99, closed loop", world: world{concurrency: 8, service: took(10 * ms), delays: times(8, 19*ms), adjust: func(s *Snapshot) {
		s.Delays = Delays{}
		for range 480 {
			s.Delays.Record(60 * time.Microsecond)
		}
		for range 10 {
			s.Delays.Record(15 * ms)
		}
	}}, headline: "the endpoint set the pace", limit: LimitNone, trust: TrustNone, reasons: "of the p99 service time"},
	{name: "replies in step, closed loop", world: world{concurrency: 10, service: took(5 * sec), duration: 60 * sec}, headline: "the endpoint set the pace", limit: LimitNone, trust: TrustFull},
	{name: "it stops answering", world: world{rate: 50, duration: 4 * sec, cut: true, pauses: [][2]time.Duration{{sec, 99 * sec}}}, headline: "the endpoint left 7[56] % of the requests without a reply until the run was cut off", limit: LimitEndpoint, trust: TrustFull},

	// What else may be in the way.
	{name: "too few slots", world: world{rate: 100, concurrency: 3, service: took(100 * ms)}, headline: "the limit of 3 requests in flight held up 99.7 % of the requests", limit: LimitConnections, trust: TrustFull, reasons: "raise concurrency, or this is what the endpoint bears"},
	{name: "too few slots, skipping", world: world{rate: 273, concurrency: 3, skip: true, service: took(100 * ms)}, headline: "the limit of 3 requests in flight held up 89 % of the requests", limit: LimitConnections, trust: TrustFull},
	{name: "too few slots, and failures", world: world{rate: 100, concurrency: 3, service: took(100 * ms), fault: each(3, "status_500", 500)}, headline: "the endpoint answered 33 % of the requests with 500", limit: LimitEndpoint, trust: TrustFull, reasons: "the limit of 3 requests in flight held up"},
	{name: "streams of HTTP/2", world: world{concurrency: 500, service: took(100 * ms), adjust: func(s *Snapshot) { s.Counts.Queued = s.Counts.Sent / 2 }}, headline: "50 % of the requests waited over 10 ms for a stream: .*", limit: LimitConnections, trust: TrustFull},
	{name: "no files", world: world{rate: 100, fault: each(2, endpoint.NoFiles, 0)}, headline: "500 requests found no free file descriptor .*", limit: LimitConnections, trust: TrustNone},
	{name: "no port for one", world: world{rate: 100, fault: each(1000, endpoint.NoPorts, 0)}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull, reasons: "1 request found no free port"},
	{name: "a limit on new connections", world: world{rate: 100, fault: each(2, KindConnectRate, 0)}, headline: "500 requests were given no connection in time by connect rate.*", limit: LimitConnections, trust: TrustNone},
	{name: "no stream of HTTP/2", world: world{rate: 100, fault: each(2, KindNoStream, 0)}, headline: "500 requests got no stream in time, for the endpoint takes no more of them at once on an HTTP/2 connection: raise connections.*", limit: LimitConnections, trust: TrustNone},
	{name: "no stream for one", world: world{rate: 100, fault: each(1000, KindNoStream, 0)}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull, reasons: "1 request got no stream in time"},
	{name: "turned away", world: world{rate: 100, fault: each(2, KindTurnedAway, 0)}, headline: "the endpoint ended the connections of 50 % of the requests before it took them", limit: LimitEndpoint, trust: TrustFull},
	{name: "credentials that ran out", world: world{rate: 100, fault: within(5*sec, 99*sec, "status_401", 401), adjust: func(s *Snapshot) { s.CredentialsExpired = true }}, headline: `the credentials ran out and were not renewed: from 5.00 s on the endpoint denied requests \(50 %, 401\)`, limit: LimitClient, trust: TrustFull},
	{name: "a payload file that shrank", world: world{rate: 100, stopAt: 3 * sec, fault: within(2990*ms, 99*sec, KindPayloadGone, 0)}, headline: "the run ended early, after 3.00 s: a payload file changed while it was in use", limit: LimitClient, trust: TrustFull},
	{name: "before it begins", world: world{rate: 100, adjust: func(s *Snapshot) { *s = Snapshot{State: Starting, Client: s.Client} }}, headline: "no request has been sent yet", limit: LimitNone, trust: TrustFull},

	// A client that is in its own way.
	{name: "8 ms late beside 2 ms", world: world{rate: 1000, service: took(2 * ms), late: tail(0.02, 8*ms)}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustNone, reasons: "up to 8.0.* of the p99 response time of 10.*own delay"},
	{name: "10 ms late beside 1 s", world: world{rate: 100, service: took(sec), late: tail(0.02, 12*ms)}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull, neverInReasons: "late|delay"},
	{name: "10 ms late beside 30 ms", world: world{rate: 100, service: took(30 * ms), late: tail(0.02, 10*ms)}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustLimited, leastOff: 9 * ms, mostOff: 12 * ms, reasons: "may be brunt's own delay"},
	{name: "all sends late", world: world{rate: 1000, service: took(5 * ms), late: took(sec), client: Client{Cores: 2, CPU: 20 * sec}}, headline: "the endpoint answered what it was sent, but brunt sent all 10,000 requests over 10 ms late", limit: LimitClient, trust: TrustNone},
	{name: "late, and refused", world: world{rate: 500, service: took(5 * ms), late: took(100 * ms), fault: each(3, "status_429", 429)}, headline: `the endpoint refused 33 % of the requests \(429\)`, limit: LimitEndpoint, trust: TrustNone, reasons: "brunt's own delay"},
	{name: "skipping for itself", world: world{rate: 3000, skip: true, late: tail(0.88, 20*ms)}, headline: "the endpoint answered what it was sent, but brunt did not keep up with its plan: it left out 88 % of the requests", limit: LimitClient, trust: TrustNone, reasons: "the figures are of 3.* requests/s"},
	{name: "a busy closed loop", world: world{concurrency: 64, service: took(ms), client: Client{Cores: 2, CPU: 19 * sec}}, headline: "brunt set the pace, not the endpoint", limit: LimitClient, trust: TrustNone, reasons: "brunt used 95 % of 2 cores"},
	{name: "busy, and in time", world: world{rate: 1000, client: Client{Cores: 2, CPU: 19 * sec}}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "a neighbour, closed loop", world: world{concurrency: 64, service: took(ms), client: Client{Cores: 2, CPU: 5 * sec, Waited: 15 * sec}}, headline: "brunt set the pace, not the endpoint", limit: LimitClient, trust: TrustNone, reasons: "something else keeps the cores busy: brunt ran for 5.00 s and waited 15.0 s for a core"},
	{name: "a neighbour, late", world: world{rate: 1000, service: took(5 * ms), late: tail(0.5, 30*ms), client: Client{Cores: 2, CPU: 5 * sec, Waited: 15 * sec}}, headline: "the endpoint answered what it was sent, but brunt sent .* of the requests over 10 ms late", limit: LimitClient, trust: TrustNone, reasons: "something else keeps the cores busy"},
	{name: "a neighbour, and 1 s a reply", world: world{rate: 100, service: took(sec), late: tail(0.5, 20*ms), client: Client{Cores: 2, CPU: 5 * sec, Waited: 15 * sec}}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull},
	{name: "a neighbour, and no slot free", world: world{rate: 1000, concurrency: 8, service: took(20 * ms), client: Client{Cores: 2, CPU: 5 * sec, Waited: 15 * sec}}, headline: "the endpoint answered what it was sent, but brunt could not read the replies in time to send the rest", limit: LimitClient, trust: TrustNone, reasons: "too little of its cores to read the replies"},
	{name: "a quota", world: world{concurrency: 16, service: took(ms), client: Client{Cores: 2, Quota: 0.2, CPU: 2 * sec, Waited: 8 * sec, Throttled: 7 * sec}}, headline: "brunt set the pace, not the endpoint", limit: LimitClient, trust: TrustNone, reasons: "limit of 0.2 cores stopped it for 7.00 s"},
	{name: "garbage, late", world: world{rate: 1000, service: took(5 * ms), late: tail(0.3, 30*ms), client: Client{Cores: 2, CPU: 10 * sec, GC: 4 * sec, GCPauseMax: 30 * ms}}, headline: "the endpoint answered what it was sent, .*", limit: LimitClient, trust: TrustNone, reasons: "garbage collection took 40 % of its CPU time and stopped it for up to 30.0 ms"},
	{name: "garbage at the runtime's own limit of a quarter", world: world{rate: 1000, service: took(5 * ms), late: tail(0.3, 30*ms), client: Client{Cores: 1, CPU: 4 * sec, GC: 980 * ms}}, headline: "the endpoint answered what it was sent, .*", limit: LimitClient, trust: TrustNone, reasons: "garbage collection took 2[45] % of its CPU time"},
	{name: "garbage, in time", world: world{rate: 100, client: Client{Cores: 2, CPU: 10 * sec, GC: 4 * sec, GCPauseMax: 30 * ms}}, headline: "the endpoint kept up", limit: LimitNone, trust: TrustFull, neverInReasons: "garbage"},
	{name: "stopped, open loop", world: world{rate: 100, service: took(5 * ms), late: stall(3*sec, 4500*ms), delays: []time.Duration{1500 * ms}}, headline: "the endpoint answered what it was sent, but brunt sent 15 % of the requests over 10 ms late", limit: LimitClient, trust: TrustNone, reasons: `was stopped \(for up to 1.50 s\)`},
	{name: "stopped, closed loop", world: world{concurrency: 8, service: took(20 * ms), pauses: [][2]time.Duration{{3 * sec, 4500 * ms}}, delays: []time.Duration{1500 * ms}}, headline: "the endpoint set the pace", limit: LimitNone, trust: TrustLimited, reasons: "brunt could not run for 15 % of the time: the rates are that much too low.*brunt could not run for 1.50 s at a time: the longest times may be its own"},
	{name: "delays of a closed loop", world: world{concurrency: 8, service: took(50 * ms), delays: times(100, 15*ms)}, headline: "the endpoint set the pace", limit: LimitNone, trust: TrustLimited, leastOff: 10 * ms, mostOff: 17 * ms},
	{name: "delays of a closed loop, 1 s a reply", world: world{concurrency: 8, service: took(sec), delays: times(100, 15*ms)}, headline: "the endpoint set the pace", limit: LimitNone, trust: TrustFull},
	{name: "time-outs of its own", world: world{rate: 100, timeout: 100 * ms, fault: each(5, KindTimeoutReply, 0), delays: []time.Duration{400 * ms, 400 * ms}}, headline: "the endpoint left 20 % of the requests without a complete reply within the time-out of 100 ms, but brunt itself could not run for up to 400 ms", limit: LimitClient, trust: TrustFull},
}

func times(n int, d time.Duration) (list []time.Duration) {
	for range n {
		list = append(list, d)
	}
	return list
}

func perSec(n int) vegeta.Rate { return vegeta.Rate{Freq: n, Per: time.Second} }

// tail has that share of the requests sent late.
func tail(share float64, by time.Duration) func(int, time.Duration) time.Duration {
	return func(i int, _ time.Duration) time.Duration {
		if math.Floor(float64(i+1)*share) > math.Floor(float64(i)*share) {
			return by
		}
		return 50 * time.Microsecond
	}
}

// stall has all that is due in a stretch wait for its end.
func stall(from, to time.Duration) func(int, time.Duration) time.Duration {
	return func(_ int, at time.Duration) time.Duration {
		if at >= from && at < to {
			return to - at
		}
		return 50 * time.Microsecond
	}
}

// even is spread evenly between two times.
func even(from, to time.Duration, seed uint64) func(int, time.Duration) time.Duration {
	return func(i int, _ time.Duration) time.Duration {
		// The golden ratio's multiples lie evenly, and no two neighbours together.
		_, part := math.Modf(float64(uint64(i)+seed) * math.Phi)
		return from + time.Duration(part*float64(to-from))
	}
}

// slowWithin is slow for requests of a stretch.
func slowWithin(fast, slow, from, to time.Duration) func(int, time.Duration) time.Duration {
	return func(_ int, at time.Duration) time.Duration {
		if at >= from && at < to {
			return slow
		}
		return fast
	}
}

func within(from, to time.Duration, kind string, status int) func(int, time.Duration) (string, int) {
	return func(_ int, at time.Duration) (string, int) {
		if at >= from && at < to {
			return kind, status
		}
		return "", 0
	}
}

func both(a, b func(int, time.Duration) (string, int)) func(int, time.Duration) (string, int) {
	return func(i int, at time.Duration) (string, int) {
		if kind, status := a(i, at); kind != "" {
			return kind, status
		}
		return b(i, at)
	}
}

// TestScenarios has each verdict be the one that was written down.
func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, c := range scenarios {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			s, p := c.world.snapshot(t)
			v := Judge(s, p)
			if !regexp.MustCompile("^(?:" + c.headline + ")$").MatchString(v.Headline.String()) {
				t.Errorf("headline %q, want %q", v.Headline.String(), c.headline)
			}
			if v.LimitedBy != c.limit || v.Trust != c.trust {
				t.Errorf("limited by %s, trust %s; want %s, %s", v.LimitedBy, v.Trust, c.limit, c.trust)
			}
			reasons := strings.Join(append(lines(v.Notes), v.Reasons...), "; ")
			if !regexp.MustCompile(c.reasons).MatchString(reasons) {
				t.Errorf("reasons %q, want %q", reasons, c.reasons)
			}
			if c.neverInReasons != "" && regexp.MustCompile(c.neverInReasons).MatchString(reasons) {
				t.Errorf("reasons %q", reasons)
			}
			if c.mostOff > 0 && (v.Error < c.leastOff || v.Error > c.mostOff) {
				t.Errorf("error %v, want %v to %v", v.Error, c.leastOff, c.mostOff)
			}
			if (v.Error > 0) != (v.Trust != TrustFull) && c.mostOff > 0 {
				t.Errorf("trust %s with an error of %v", v.Trust, v.Error)
			}
			if t.Failed() {
				t.Logf("%+v; counts %+v", v, s.Counts)
			}
		})
	}
	if len(scenarios) < 40 {
		t.Errorf("%d scenarios", len(scenarios))
	}
}
