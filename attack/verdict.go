package attack

import (
	"fmt"
	"time"

	"brunt/attack/endpoint"
)

// What a verdict can name as the limit.
const (
	LimitNone        = "none"
	LimitClient      = "client"
	LimitConnections = "connections"
	LimitEndpoint    = "endpoint"
)

const (
	// tellingShare is the share of requests from which a symptom counts: fewer
	// are the noise of a shared machine.
	tellingShare = 0.01
	// busyShare is the share of the allowed cores from which the client itself
	// is at its limit.
	busyShare = 0.9
	// shortestJudged is the least wall time over which CPU time says anything.
	shortestJudged = 500 * time.Millisecond
)

// judge says who was the limit of a run, from the client's own evidence first:
// as long as that is bad, nothing else can be concluded.
func judge(s *Snapshot, p *Plan) Verdict {
	v := Verdict{Valid: true, LimitedBy: LimitNone}
	if shortage := shortages(s); len(shortage) > 0 {
		return Verdict{false, LimitConnections, shortage}
	}
	if reasons := clientLimits(s, p); len(reasons) > 0 {
		return Verdict{false, LimitClient, reasons}
	}
	c := &s.Counts
	switch waited := c.LateNoSlots + c.NoSlot; {
	case share(waited, c.Planned) >= tellingShare:
		v.LimitedBy = LimitConnections
		v.Reasons = append(v.Reasons, fmt.Sprintf("all %d slots were taken when %s of the requests were due: raise --concurrency, or this is what the endpoint bears",
			p.Concurrency, percent(share(waited, c.Planned))))
	case share(c.Failed, c.Sent) >= tellingShare:
		v.LimitedBy = LimitEndpoint
		v.Reasons = append(v.Reasons, fmt.Sprintf("%s of the requests failed, most of them with %s", percent(share(c.Failed, c.Sent)), s.Failures[0].Kind))
	default:
		v.Reasons = append(v.Reasons, "the endpoint kept up")
	}
	v.Reasons = append(v.Reasons, effort(s))
	return v
}

// shortages are what this machine ran out of.
func shortages(s *Snapshot) (reasons []string) {
	for _, f := range s.Failures {
		switch f.Kind {
		case endpoint.NoFiles:
			reasons = append(reasons, fmt.Sprintf("%d requests found no free file descriptor (limit %d): raise it with ulimit -n, or lower --concurrency", f.Count, s.Client.MaxFiles))
		case endpoint.NoPorts:
			reasons = append(reasons, fmt.Sprintf("%d requests found no free port: keep connections open, or widen net.ipv4.ip_local_port_range", f.Count))
		}
	}
	return reasons
}

// clientLimits are the signs that brunt itself was too slow.
func clientLimits(s *Snapshot, p *Plan) (reasons []string) {
	c := &s.Counts
	if late := share(c.LateWithSlots, c.Sent); p.Open() && late >= tellingShare {
		reasons = append(reasons, fmt.Sprintf("brunt sent %s of the requests over 10 ms late though slots were free", percent(late)))
	}
	// Of an open loop that is on time, a busy client is no limit (yet).
	if s.Client.Wall >= shortestJudged && busy(&s.Client) >= busyShare && (!p.Open() || len(reasons) > 0) {
		reasons = append(reasons, effort(s))
	}
	return reasons
}

// effort says what the run took of this machine.
func effort(s *Snapshot) string {
	who := "brunt"
	if s.Client.Embedded {
		who = "brunt and its embedded endpoint"
	}
	cores := "1 core"
	if s.Client.Cores != 1 {
		cores = fmt.Sprintf("%d cores", s.Client.Cores)
	}
	return fmt.Sprintf("%s used %s of %s", who, percent(busy(&s.Client)), cores)
}

// busy is the share of the allowed cores' time that the process used.
func busy(c *Client) float64 {
	if c.Wall <= 0 || c.Cores == 0 {
		return 0
	}
	return c.CPU.Seconds() / (c.Wall.Seconds() * float64(c.Cores))
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
