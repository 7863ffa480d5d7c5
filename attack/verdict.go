package attack

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"brunt/attack/endpoint"
)

// What a verdict can name as the limit.
const (
	LimitNone        = "none"
	LimitClient      = "client"
	LimitConnections = "connections"
	LimitEndpoint    = "endpoint"
)

// How far figures can be trusted.
const (
	TrustFull    = "full"    // brunt's own delays do not show in them
	TrustLimited = "limited" // brunt's own delays are a part of them, of at most Verdict.Error
	TrustNone    = "none"    // they say more about brunt or its machine than about the endpoint
)

const (
	// tellingShare is the share of requests from which a symptom counts: fewer
	// are the noise of a shared machine.
	tellingShare = 0.01
	// busyShare is the share of the allowed cores from which the client itself
	// is at its limit.
	busyShare = 0.9
	// starvedShare is the share of the allowed cores' time that a client which
	// waited for a core longer than it ran must have wanted, to count as starved.
	starvedShare = 0.9
	// delayedShare is the share of the allowed cores' time from which waits for a
	// core, twice as long as the client ran, are worth a word though it kept pace.
	delayedShare = 0.2
	// haltedShare is the share of the wall time from which a quota's stops count.
	haltedShare = 0.02
	// collectedShare is the share of the client's CPU time from which garbage
	// collection is worth a word.
	collectedShare = 0.25
	// growing is how much the requests in flight must grow from one quarter of a
	// run to the next to be a backlog, beyond fewInFlight that come and go: one
	// that grows evenly does so by a third in the last quarter.
	growing, fewInFlight = 1.2, 5
	// shortestJudged is the least wall time over which CPU time says anything.
	shortestJudged = 500 * time.Millisecond
)

// judge says who was the limit of a run, from the client's own evidence first:
// as long as that is bad, nothing else can be concluded.
func judge(s *Snapshot, p *Plan) Verdict {
	v := Verdict{Trust: TrustFull, LimitedBy: LimitNone}
	if shortage := shortages(s); len(shortage) > 0 {
		return Verdict{Headline: shortage[0], Trust: TrustNone, LimitedBy: LimitConnections, Reasons: shortage}
	}
	if reasons := clientLimits(s, p); len(reasons) > 0 {
		return Verdict{Headline: reasons[0], Trust: TrustNone, LimitedBy: LimitClient, Reasons: reasons}
	}
	c := &s.Counts
	fell := behind(s, p)
	switch waited := c.LateNoSlots + c.NoSlot; {
	case share(waited, c.Planned) >= tellingShare:
		advice := "raise --concurrency, or this is what the endpoint bears"
		if p.fewFiles {
			v.Trust, advice = TrustNone, fmt.Sprintf("this process may open %d files: raise ulimit -n", s.Client.MaxFiles)
		}
		v.LimitedBy = LimitConnections
		v.Reasons = append(v.Reasons, fmt.Sprintf("all %d slots were taken when %s of the requests were due: %s",
			p.Concurrency, percent(share(waited, c.Planned)), advice))
	case share(c.Failed, c.Succeeded+c.Failed) >= tellingShare: // what is in flight or was cut off is neither
		v.LimitedBy = LimitEndpoint
		v.Reasons = append(v.Reasons, fmt.Sprintf("%s of the requests failed, most of them with %s", percent(share(c.Failed, c.Succeeded+c.Failed)), s.Failures[0].Kind))
	case c.Sent == 0:
		v.Reasons = append(v.Reasons, "no request was sent")
	case fell != "":
		v.LimitedBy = LimitEndpoint
		v.Reasons = append(v.Reasons, fell)
	case p.Open():
		v.Reasons = append(v.Reasons, "the endpoint kept up")
	default:
		v.Reasons = append(v.Reasons, "the endpoint set the pace")
	}
	v.Headline = v.Reasons[0]
	if delayed(&s.Client) {
		v.Reasons = append(v.Reasons, waits(&s.Client)+": the times measured hold such waits")
	}
	v.Reasons = append(v.Reasons, effort(&s.Client))
	return v
}

// behind says in what the endpoint fell behind the load; empty where it did not.
func behind(s *Snapshot, p *Plan) string {
	c := &s.Counts
	if cut := share(c.CutOff, c.Sent); cut >= tellingShare && float64(c.CutOff) > 2*meanInFlight(s) {
		return fmt.Sprintf("%s of the requests still had no reply when the run was cut off", percent(cut))
	}
	if !p.Open() {
		return ""
	}
	if from, to := backlog(s); to > 0 {
		return fmt.Sprintf("more and more requests waited for their replies, from %d in flight after a quarter of the run to %d at its end", from, to)
	}
	return ""
}

// meanInFlight is the mean number of requests in flight among those that have
// their reply, by Little's law: the sum of their times over the time that passed.
func meanInFlight(s *Snapshot) float64 {
	if s.Elapsed <= 0 {
		return 0
	}
	sum := func(h *hdrhistogram.Histogram) float64 { return h.Mean() * float64(h.TotalCount()) }
	return (sum(s.Latencies.Response) + sum(s.Latencies.Failed)) / float64(s.Elapsed)
}

// backlog is how many requests were in flight after the first and the last
// quarter of the sending, where that grew in each of them, as the queue of an
// endpoint does that is sent more than it bears; else 0, 0. A stall that is over,
// and a number of requests that stays, are no backlog.
func backlog(s *Snapshot) (from, to uint64) {
	var quarters [4]uint64
	for q := range quarters {
		end, found := s.PlanElapsed*time.Duration(q+1)/4, false
		for i := range s.Intervals {
			if until := s.Intervals[i].At + s.Intervals[i].Width; until <= end && until > end-s.PlanElapsed/4 {
				quarters[q], found = s.Intervals[i].InFlight, true
			}
		}
		if !found || q > 0 && float64(quarters[q]) < growing*float64(quarters[q-1])+fewInFlight {
			return 0, 0
		}
	}
	return quarters[0], quarters[3]
}

// shortages are what this machine ran out of.
func shortages(s *Snapshot) (reasons []string) {
	for _, f := range s.Failures {
		switch f.Kind {
		case endpoint.NoFiles:
			reasons = append(reasons, fmt.Sprintf("%d requests found no free file descriptor (limit %d): raise it with ulimit -n, or lower --concurrency", f.Count, s.Client.MaxFiles))
		case KindConnectRate:
			reasons = append(reasons, fmt.Sprintf("%d requests were given no connection in time by --connect-rate: raise it, or leave it out", f.Count))
		case endpoint.NoPorts:
			reasons = append(reasons, fmt.Sprintf("%d requests found no free port: keep connections open, or widen net.ipv4.ip_local_port_range", f.Count))
		}
	}
	return reasons
}

// clientLimits are the signs that brunt itself was too slow, and why.
func clientLimits(s *Snapshot, p *Plan) (reasons []string) {
	c := &s.Counts
	late := share(c.LateWithSlots, c.Sent)
	if p.Open() && late >= tellingShare {
		reasons = append(reasons, fmt.Sprintf("brunt sent %s of the requests over 10 ms late though slots were free", percent(late)))
	}
	if s.Client.Wall < shortestJudged {
		return reasons
	}
	// Slots are taken for as long as their replies are not read: of a client that
	// has no core to read them on that says nothing about the endpoint.
	if full := share(c.LateNoSlots+c.NoSlot, c.Planned); p.Open() && len(reasons) == 0 && full >= tellingShare && (busy(&s.Client) >= busyShare || crowdedOut(&s.Client)) {
		reasons = append(reasons, fmt.Sprintf("all %d slots were taken when %s of the requests were due, and brunt had too little of the cores to free them", p.Concurrency, percent(full)))
	}
	// Of an open loop that is on time, a busy client is no limit (yet).
	if len(reasons) > 0 || !p.Open() && (busy(&s.Client) >= busyShare || starved(&s.Client)) {
		reasons = append(reasons, causes(&s.Client)...)
	}
	return reasons
}

// starved reports whether the client wanted all of its cores and was given
// less than half of that. The threads' waits are summed over all threads, so
// that they can be more than the time that has passed.
func starved(c *Client) bool {
	return c.Waited >= c.CPU && (c.CPU+c.Waited).Seconds() >= starvedShare*c.Wall.Seconds()*allowed(c)
}

// crowdedOut reports whether the client's threads waited for a core longer than
// they ran, and for half of the time that there was.
func crowdedOut(c *Client) bool {
	return c.Waited >= c.CPU && c.Waited.Seconds() >= c.Wall.Seconds()*allowed(c)/2
}

// delayed reports whether waits for a core are a part of what was measured.
func delayed(c *Client) bool {
	return c.Wall >= shortestJudged && c.Waited >= 2*c.CPU && c.Waited.Seconds() >= delayedShare*c.Wall.Seconds()*allowed(c)
}

// waits says how long the client was kept from its cores.
func waits(c *Client) string {
	return fmt.Sprintf("its threads waited %s for a core, all together, and ran for %s", c.Waited.Round(time.Millisecond), c.CPU.Round(time.Millisecond))
}

// causes are why a client may have been slow, the surest first.
func causes(c *Client) (reasons []string) {
	if c.Throttled.Seconds() >= haltedShare*c.Wall.Seconds() {
		reasons = append(reasons, fmt.Sprintf("a control group's limit of %.3g cores stopped it for %s: raise the CPU limit (cpu.max, resources.limits.cpu)",
			c.Quota, c.Throttled.Round(time.Millisecond)))
	} else if c.Waited >= c.CPU {
		reasons = append(reasons, waits(c)+": something else keeps the cores busy")
	}
	if c.GC.Seconds() >= collectedShare*c.CPU.Seconds() || c.GCPauseMax >= time.Duration(lateEnough) {
		reasons = append(reasons, fmt.Sprintf("garbage collection took %s of its CPU time and stopped it for up to %s",
			percent(min(1, c.GC.Seconds()/c.CPU.Seconds())), c.GCPauseMax.Round(10*time.Microsecond)))
	}
	return append(reasons, effort(c))
}

// effort says what the run took of this machine.
func effort(c *Client) string {
	who := "brunt"
	if c.Embedded {
		who = "brunt and its embedded endpoint"
	}
	cores := fmt.Sprintf("%.3g cores", allowed(c))
	if allowed(c) == 1 {
		cores = "1 core"
	}
	return fmt.Sprintf("%s used %s of %s", who, percent(busy(c)), cores)
}

// allowed is how many cores' time the client may use.
func allowed(c *Client) float64 {
	if c.Quota > 0 {
		return min(c.Quota, float64(c.Cores))
	}
	return float64(c.Cores)
}

// busy is the share of the allowed cores' time that the process used.
func busy(c *Client) float64 {
	if c.Wall <= 0 || c.Cores == 0 {
		return 0
	}
	return c.CPU.Seconds() / (c.Wall.Seconds() * allowed(c))
}

func share(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// percent writes a share for people: two digits below 10 %, none above.
func percent(share float64) string {
	switch p := 100 * share; {
	case p > 0 && p < 0.01:
		return "under 0.01 %"
	case p > 0 && p < 10:
		return fmt.Sprintf("%.2g %%", p)
	default:
		return fmt.Sprintf("%.0f %%", p)
	}
}
