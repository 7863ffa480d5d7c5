package plan

import (
	"fmt"
	"math"
	"strconv"

	"brunt/attack/host"
	"brunt/payloads/setting"
)

// spareFiles are left to payloads, reports, timers and the runtime.
const spareFiles = 24

// Fits holds the plan against what a machine has: the error is about what it
// cannot have at all, the warnings are of what it may run short of. embedded is
// an endpoint in this process, addresses how many it has.
func (p Plan) Fits(l host.Limits, embedded bool, addresses int) (warnings []string, err error) {
	return p.Complete(l, embedded, addresses)
}

// Complete is Fits, and decides what the plan leaves open.
func (p *Plan) Complete(l host.Limits, embedded bool, addresses int) (warnings []string, err error) {
	warning, err := p.FitFiles(l.Files, embedded)
	if err != nil {
		return nil, err
	}
	if warning != "" {
		warnings = append(warnings, warning)
	}
	if available, need := l.Ports*max(1, addresses), p.Part(p.connections()); !p.Open() && available > 0 && need > available {
		warnings = append(
			warnings,
			fmt.Sprintf(
				"%d connections are asked for, and this machine has %d local ports for each address of the endpoint: no more than %d can be open at a time; widen net.ipv4.ip_local_port_range",
				need,
				l.Ports,
				available,
			),
		)
	}
	return warnings, nil
}

// FitFiles decides how many requests an open loop may have in flight when its
// plan does not say, and refuses more connections than the open-file limit (0:
// none) allows: in HTTP/1.1 each request in flight needs one. The limit is this
// process's, which opens the plan's part of the connections.
func (p *Plan) FitFiles(limit uint64, embedded bool) (warning string, err error) {
	available := uint64(math.MaxUint64)
	if limit > 0 {
		spare := spareFiles + uint64(p.OtherFiles)
		available = max(limit, spare+1) - spare
		if embedded {
			available = max(1, available/2) // the endpoint's ends of the connections count too
		}
	}
	files := available
	available = p.wholeOf(files)
	maxInFlight := available
	if p.HTTP2 {
		maxInFlight = math.MaxUint64
	} else if p.Connections > 0 {
		maxInFlight = min(available, uint64(p.Connections))
	}
	switch {
	case p.Concurrency == 0 && maxInFlight < DefaultOpenConcurrency:
		p.Concurrency = int(maxInFlight)
		if maxInFlight < available || available >= DefaultOpenConcurrency/2 {
			return "", nil // asked for, or nothing that anyone would miss
		}
		p.fewFiles = true
		return fmt.Sprintf(
			"at most %d requests in flight: this process may open %d files%s (ulimit -n)",
			files,
			limit,
			p.elsewhere(),
		), nil
	case p.Concurrency == 0:
		p.Concurrency = DefaultOpenConcurrency
	case !p.HTTP2 && p.Connections > 0:
		p.Concurrency = min(p.Concurrency, p.Connections)
	}
	if need := uint64(p.connections()); need > available {
		field, n := setting.Concurrency, p.Concurrency
		if p.Connections > 0 {
			field, n = setting.Connections, p.Connections
		}
		return "", setting.Wrong(
			field,
			strconv.Itoa(n)+p.ofWhich(p.Part(int(need))),
			"this process may open %d files%s, enough for %d connections; raise the limit with ulimit -n, or lower %v",
			limit,
			p.elsewhere(),
			files,
			field,
		)
	}
	return "", nil
}

// elsewhere says where files are needed that the load does without.
func (p *Plan) elsewhere() string {
	if p.OtherFiles == 0 {
		return ""
	}
	return fmt.Sprintf(", %d of them for the page", p.OtherFiles)
}

// ofWhich says how many of a total are the plan's part, where it has one.
func (p *Plan) ofWhich(part int) string {
	if p.Shares == nil {
		return ""
	}
	return fmt.Sprintf(", of which this process opens %d", part)
}

// connections is how many connections the plan expects to have open.
func (p *Plan) connections() int {
	switch {
	case !p.HTTP2:
		return p.Concurrency
	case p.Connections > 0:
		return min(p.Connections, p.Concurrency)
	default:
		return (p.Concurrency + StreamsPerConnection - 1) / StreamsPerConnection
	}
}
