package result

import (
	"fmt"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/attack/spell"
	"brunt/payloads/setting"
)

// noticeableShare is the share of requests from which a symptom counts: fewer are
// the noise of a shared machine.
const noticeableShare = 0.01

// moreConnections is what to do where streams are short.
var moreConnections = setting.Textf("raise %v, or leave it out", setting.Connections)

// finding is what happened: the headline, what bounded the load, and what else
// the reader should know of it.
type finding struct {
	headline setting.Text
	brief    setting.Text // in a few words; empty for the headline's own
	limit    string
	notes    []setting.Text
}

// slotsHeldUp says what part of the requests found all slots taken.
func slotsHeldUp(waited float64, p *plan.Plan) string {
	return fmt.Sprintf(
		"the limit of %s in flight held up %s of the requests",
		spell.Counted(uint64(p.Concurrency), "request"),
		spell.Percent(waited),
	)
}

// waitedForSlot counts the tickets that found every slot taken.
func waitedForSlot(c *Counts) uint64 {
	return c.LateNoSlots + c.NoSlot - min(c.NoSlot, c.UnsentWithSlots) + c.SkippedNoSlot
}

// leftUnsent counts the tickets that were not sent though slots were free.
func leftUnsent(c *Counts) uint64 {
	return c.Skipped - min(c.Skipped, c.SkippedNoSlot) + c.UnsentWithSlots
}

// minorFailures tell of failures that are too few for the headline.
func minorFailures(s *Snapshot) []setting.Text {
	c := &s.Counts
	if c.Failed == 0 || share(c.Failed, c.Succeeded+c.Failed) >= noticeableShare {
		return nil
	}
	kind := s.Failures[0].Kind
	with := "with " + kind
	if c.Failed > countOfKind(s, kind) {
		with = "most of them with " + kind
	}
	return []setting.Text{
		setting.Textf(
			"%s of %s failed (%s), %s",
			spell.Grouped(c.Failed),
			spell.Counted(c.Succeeded+c.Failed, "request"),
			spell.Percent(share(c.Failed, c.Succeeded+c.Failed)),
			with,
		),
	}
}

func countOfKind(s *Snapshot, kind string) (n uint64) {
	for i := range s.Failures {
		if s.Failures[i].Kind == kind {
			n += s.Failures[i].Count
		}
	}
	return n
}

func share(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// partOf is a share of the requests in words.
func partOf(part, whole uint64) string {
	if part == whole {
		return allOf(whole)
	}
	return spell.Percent(share(part, whole)) + " of the requests"
}

// allOf is all of so many requests.
func allOf(n uint64) string {
	if n == 1 {
		return "the only request"
	}
	return "all " + spell.Counted(n, "request")
}

// shortage is what this machine, or a limit that was set, had too little of, and
// how many requests failed of it.
func shortage(s *Snapshot) (text setting.Text, n uint64) {
	if n := countOfKind(s, endpoint.NoFiles); n > 0 {
		return setting.Textf("%s found no free file descriptor (limit %d): raise it with ulimit -n, or lower %v",
			spell.Counted(n, "request"), s.Client.MaxFiles, setting.Concurrency), n
	}
	if n := countOfKind(s, endpoint.NoPorts); n > 0 {
		return setting.Textf(
			"%s found no free port: keep connections open, or widen net.ipv4.ip_local_port_range",
			spell.Counted(n, "request"),
		), n
	}
	if n := countOfKind(s, KindConnectRate); n > 0 {
		return setting.Textf(
			"%s were given no connection in time by %v: raise it, or leave it out",
			spell.Counted(n, "request"),
			setting.ConnectRate,
		), n
	}
	if n := countOfKind(s, KindNoStream); n > 0 {
		return setting.Textf(
			"%s got no stream in time, for the endpoint takes no more of them at once on an HTTP/2 connection: %v",
			spell.Counted(n, "request"),
			moreConnections,
		), n
	}
	for _, at := range proxyShortages {
		if n := countOfKind(s, at.kind); n > 0 {
			return setting.Textf(at.text, spell.Counted(n, "request"), setting.Proxy), n
		}
	}
	return setting.Text{}, 0
}

// proxyShortages say what a proxy kept from the endpoint.
var proxyShortages = []struct{ kind, text string }{
	{endpoint.ProxyUnreachable, "%s found no connection to the proxy: see %v"},
	{endpoint.ProxyAuth, "%s were let through by no proxy, for it wants a user and a password that it knows: see %v"},
	{endpoint.ProxyRefused, "%s were let through by no proxy, for it refuses to connect to the endpoint: see %v"},
}
