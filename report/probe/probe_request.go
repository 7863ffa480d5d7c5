package probe

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"brunt/attack"
	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/attack/host"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads"
	"brunt/payloads/setting"
	"brunt/report/config"
	"brunt/report/words"
)

// sender sends the one request, as an attack would.
type sender struct {
	result  *Result
	target  *config.Target
	details *endpoint.Details
	plan    plan.Plan     // of the load that is to follow
	ready   time.Duration // how long an endpoint that is scaled to zero is waited for; 0 is the plan's time-out
}

func (s *sender) add(state endpoint.State, text string, remedy setting.Text) {
	s.result.Findings = append(
		s.result.Findings,
		endpoint.Finding{Check: "request", State: state, Text: text, Remedy: remedy},
	)
}

func (s *sender) send(ctx context.Context, word string, request attack.Request, set *payloads.Set, o endpoint.Options) {
	target, err := endpoint.Open(ctx, word, o, s.plan.Timeout)
	if err != nil {
		s.add(endpoint.Bad, config.RedactGiven([]string{word}, words.Error(err)), setting.Text{})
		return
	}
	defer target.Close()
	if err := s.target.OpenOthers(ctx, target, set, &request, s.plan.Timeout); err != nil {
		s.add(endpoint.Bad, target.Redact(words.Error(err)), setting.Text{})
		return
	}
	if !s.wake(ctx, request, set, target, o.Waiting) {
		return
	}
	one := plan.Plan{
		Concurrency: 1,
		Requests:    1,
		Timeout:     s.plan.Timeout,
		AtEnd:       plan.Drain,
		CatchUp:     plan.CatchUpSend,
		Success:     s.plan.Success,
		SuccessBody: s.plan.SuccessBody,
		FailBody:    s.plan.FailBody,
		Expect:      s.plan.Expect,
		HTTP2:       s.plan.HTTP2,
		Stream:      s.plan.Stream,
		StreamStall: s.plan.StreamStall,
		// One request is to show what a run would see of it.
		StreamTimeout: s.plan.StreamTimeout,
	}
	run, err := attack.Start(one, request, set, target, nil)
	if err != nil {
		s.add(endpoint.Bad, target.Redact(words.Error(err)), setting.Text{})
		return
	}
	select {
	case <-run.Done():
	case <-ctx.Done():
		run.Stop(plan.Cut)
		<-run.Done()
		s.add(endpoint.Bad, endpoint.Interrupted, setting.Text{})
		return
	}
	if s.tell(run.Snapshot()); s.sizes() && len(run.Snapshot().Failures) == 0 {
		s.bound(s.more(ctx, one, request, set, target, &run.Snapshot().Latencies))
	}
}

// Requests that a bound rests on at most, sent one after the other, and for how
// long more of them are begun.
const (
	mostMore = 19
	moreFor  = 3 * time.Second
)

// sizes reports whether a bound follows from a request's time.
func (s *sender) sizes() bool { return s.details != nil && s.details.MaxConcurrency() > 0 }

// more are the service times of some more requests, else of the first one.
func (s *sender) more(
	ctx context.Context,
	one plan.Plan,
	request attack.Request,
	set *payloads.Set,
	target *endpoint.Endpoint,
	first *result.Latencies,
) *hdrhistogram.PackedHistogram {
	one.Requests, one.Duration, one.KeepAlive = mostMore, moreFor, true
	run, err := attack.Start(one, request, set, target, nil)
	if err != nil {
		return first[figure.Service]
	}
	select {
	case <-run.Done():
	case <-ctx.Done():
		run.Stop(plan.Cut)
		<-run.Done()
	}
	if times := run.Snapshot().Latencies[figure.Service]; times.TotalCount() > 1 {
		return times
	}
	return first[figure.Service]
}

// wake waits for an endpoint that is scaled to zero, so that the one request is
// timed apart from that.
func (s *sender) wake(
	ctx context.Context,
	request attack.Request,
	set *payloads.Set,
	target *endpoint.Endpoint,
	waiting func(text string),
) bool {
	took, err := attack.Wake(ctx, s.plan, request, set, target, s.ready, waiting)
	f := endpoint.Finding{
		Check: "cold start",
		State: endpoint.Well,
		Text:  "was scaled to zero, and is awake now",
		Took:  took,
	}
	var away *endpoint.UnreachableError
	switch {
	case errors.As(err, &away):
		f.State, f.Text, f.Remedy = endpoint.Bad, words.Error(
			err,
		), setting.Plain(
			"see the endpoint's page for why it does not start",
		)
	case errors.Is(err, attack.ErrInterrupted):
		f.State, f.Text = endpoint.Bad, endpoint.Interrupted
	case err != nil:
		f.State, f.Text = endpoint.Bad, words.Error(err)
	}
	if took > 0 || err != nil {
		s.result.Findings = append(s.result.Findings, f)
	}
	return err == nil
}

// tell puts the run of one request into words.
func (s *sender) tell(shot *result.Snapshot) {
	l := &shot.Latencies
	q := &Request{
		Connect: time.Duration(
			l[figure.Connect].Max(),
		), TLS: time.Duration(l[figure.TLS].Max()), FirstByte: time.Duration(l[figure.FirstByte].Max()),
		Rest: time.Duration(
			l[figure.Service].Max() - l[figure.FirstByte].Max(),
		), Total: time.Duration(max(l[figure.Response].Max(), l[figure.Failed].Max())), BytesIn: shot.Counts.BytesIn,
	}
	for _, f := range s.result.Findings {
		if strings.HasSuffix(f.Check, "addresses") {
			q.DNS = f.Took // of the host that was looked up last
		}
	}
	for status := range shot.Status {
		q.Status = status
	}
	if len(shot.Slowest) > 0 {
		q.RequestID = shot.Slowest[0].RequestID
	}
	if len(shot.Models) > 0 {
		q.ServedModel = shot.Models[0].Name
	}
	s.result.Request = q
	if len(shot.Failures) > 0 {
		s.failed(&shot.Failures[0], q)
		return
	}
	text := fmt.Sprintf("%d, %d bytes: ", q.Status, q.BytesIn)
	parts := []string{}
	for _, part := range []struct {
		name string
		took time.Duration
	}{{"connect", q.Connect}, {"TLS", q.TLS}, {"first byte", q.FirstByte}, {"rest", q.Rest}} {
		if part.took > 0 {
			parts = append(parts, part.name+" "+milliseconds(part.took))
		}
	}
	text += strings.Join(parts, ", ")
	if q.ServedModel != "" {
		text += ", served by " + q.ServedModel
	}
	s.add(endpoint.Well, text, setting.Text{})
}

func (s *sender) failed(f *result.Failure, q *Request) {
	q.Cause = string(f.Cause)
	text := strings.ReplaceAll(f.Kind, "_", " ")
	if f.Status > 0 {
		text = fmt.Sprint(f.Status)
	}
	if !f.Message.Empty() {
		text += ": " + words.Of(f.Message)
	}
	text += " (after " + milliseconds(q.Total) + ")"
	s.add(endpoint.Bad, text, f.Advice)
}

// bound is what the provisioned concurrency allows at this latency: one unit
// has one request at a time. The mean of several lies within two standard errors.
func (s *sender) bound(times *hdrhistogram.PackedHistogram) {
	count, mean := times.TotalCount(), times.Mean()/1e9
	if count == 0 || mean <= 0 {
		return
	}
	n := float64(s.details.MaxConcurrency())
	f := endpoint.Finding{Check: "bound", State: endpoint.Well}
	off := 2 * times.StdDev() / 1e9 / math.Sqrt(float64(count))
	low, high := n/(mean+off), n/max(mean-off, float64(times.Min())/1e9)
	reach := "about " + rounded(n/mean)
	if a, b := rounded(low), rounded(high); a != b {
		reach = "about " + a + " to " + b
	}
	of := "of one"
	if count > 1 {
		of = fmt.Sprintf("on average of %d more, one after the other", count)
	}
	f.Text = fmt.Sprintf(
		"provisioned concurrency %.0f, at %s a request (%s): %s requests/s",
		n,
		milliseconds(time.Duration(mean*1e9)),
		of,
		reach,
	)
	if !s.details.RouteOptimized && high > endpoint.WorkspaceRate {
		f.Text += fmt.Sprintf(", of which the workspace lets %d/s through", endpoint.WorkspaceRate)
	}
	if asked := s.plan.PeakRate(); asked > low {
		f.State = endpoint.Doubtful
		f.Remedy = setting.Textf(
			"%s/s needs a provisioned concurrency of about %s",
			rounded(asked),
			rounded(math.Ceil(asked*mean)),
		)
	}
	s.result.Findings = append(s.result.Findings, f)
}

func rounded(x float64) string {
	if x < 10 {
		return fmt.Sprintf("%.1f", x)
	}
	digits := math.Pow(10, math.Floor(math.Log10(x))-1)
	return fmt.Sprintf("%.0f", math.Round(x/digits)*digits)
}

const (
	// fewFiles and fewPorts are numbers below which a machine will not do for a
	// load of any size.
	fewFiles = 4096
	fewPorts = 10_000
	// perCore is what a slow core sends in a second at best, over plain HTTP with
	// small bodies, and mostPerCore a fast one, as .ci/peers has seen them.
	perCore     = 80_000
	mostPerCore = 200_000
)

// machine looks at this machine, and holds the plan against it.
func machine(one *plan.Plan, embedded bool, addresses int) endpoint.Finding {
	l := host.ReadLimits()
	f := endpoint.Finding{Check: "this machine", State: endpoint.Well}
	f.Text = fmt.Sprintf("%d cores", l.Cores)
	if l.Cores == 1 {
		f.Text = "1 core"
	}
	if l.Quota > 0 && l.Quota < float64(l.Cores) {
		f.Text += fmt.Sprintf(", of which %.3g may be used", l.Quota)
	}
	if l.Files > 0 {
		f.Text += fmt.Sprintf(", %d open files", l.Files)
	}
	if l.Ports > 0 {
		f.Text += fmt.Sprintf(", %d local ports", l.Ports)
	}
	cores := float64(l.Cores)
	if l.Quota > 0 {
		cores = min(cores, l.Quota)
	}
	planned := one.Open() || one.Concurrency > 0
	warnings, err := one.Fits(l, embedded, addresses)
	switch {
	case planned && err != nil:
		f.State, f.Remedy = endpoint.Bad, setting.Textf("%w", err)
	case planned && len(warnings) > 0:
		f.State, f.Remedy = endpoint.Doubtful, setting.Plain(strings.Join(warnings, "; "))
	case one.PeakRate() > cores*perCore:
		f.State, f.Remedy = endpoint.Doubtful, setting.Textf(
			"a core sends %d to %d requests/s at best, by its kind: heed the verdict, or spread %s/s over more cores or machines",
			perCore,
			mostPerCore,
			rounded(one.PeakRate()),
		)
	case planned:
	case l.Files > 0 && l.Files < fewFiles:
		f.State, f.Remedy = endpoint.Doubtful, setting.Textf(
			"about %d requests can be in flight: raise ulimit -n for more",
			l.Files*9/10,
		)
	case l.Ports > 0 && l.Ports < fewPorts:
		f.State, f.Remedy = endpoint.Doubtful, setting.Plain(
			"few ports for connections to one address: widen net.ipv4.ip_local_port_range for many",
		)
	}
	return f
}
