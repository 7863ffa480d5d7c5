package probe

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"syscall"
	"time"

	"brunt/attack"
	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/payloads"
	"brunt/payloads/setting"
	"brunt/payloads/show"
	"brunt/report"
	"brunt/report/config"
	"brunt/report/panel"
	"brunt/report/text"
	"brunt/report/words"
)

// Flags say what is checked, and how it is printed.
type Flags struct {
	config.Target `embed:"" group:"Target"`
	// The load is not sent, but held against what endpoint and machine can bear;
	// its time-out is that of each step.
	config.Load `embed:"" group:"Load"`

	config.Bodies `embed:"" group:"Payloads"`

	Payload string          `short:"p" name:"payloads" predictor:"file" placeholder:"FILE" group:"Payloads" help:"File of bodies, as for attack, of which the first is sent, and for an endpoint of known concurrency up to 19 more within 3 s; without it nothing is sent to the endpoint."`
	Format  payloads.Format `name:"payload-format" group:"Payloads" default:"auto" enum:"auto,body,request,inference" help:"auto, body, request or inference, as for attack."`
	Output  string          `short:"o" default:"text" enum:"text,json" group:"Output" help:"text or json."`
}

// Result is what was found.
type Result struct {
	Target   string
	URL      string
	Findings []endpoint.Finding
	Request  *Request // nil where none was sent
}

// Request is the one request that was sent.
type Request struct {
	Status      int // 0 where no complete reply came
	DNS         time.Duration
	Connect     time.Duration
	TLS         time.Duration
	FirstByte   time.Duration // since the request's first byte was sent
	Rest        time.Duration // from the first to the last byte of the reply
	Total       time.Duration
	BytesIn     uint64
	RequestID   string
	ServedModel string
	Cause       string
}

// Well reports whether nothing has failed.
func (r *Result) Well() bool {
	for _, f := range r.Findings {
		if f.State == endpoint.Bad {
			return false
		}
	}
	return true
}

// Run probes a target and writes what was found; well is false where something
// has failed. The error is about the target's words, the flags or the body, or
// attack.ErrInterrupted.
func (f *Flags) Run(target string, in io.Reader, out, progress io.Writer) (well bool, err error) {
	plan, err := f.plan()
	if err != nil {
		return false, err
	}
	request, err := f.Target.Request("brunt/" + report.Version())
	if err != nil {
		return false, err
	}
	bodies := config.Payloads{PayloadFormat: f.Format, Order: payloads.Sequential, Bodies: f.Bodies}
	if err = bodies.Prepare(&request); err != nil {
		return false, err
	}
	if f.Payload != "" {
		bodies.Payloads = []string{f.Payload}
	}
	set, err := bodies.Open(in, endpoint.Embedded(target))
	if err != nil {
		return false, err
	}
	defer set.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second one ends it at once
	options := f.Target.Options(&request)
	waiting, over := panel.Waiting(progress, false)
	defer over()
	options.Waiting, options.HTTP2 = waiting, plan.HTTP2
	found, err := endpoint.Probe(ctx, target, options, plan.Timeout)
	if err != nil {
		return false, err
	}
	r := &Result{Target: target, URL: found.URL, Findings: found.Findings}
	r.load(found.Details, &plan)
	r.limits(found.Details, &plan, set)
	if wrong := unnamed(set, found.Model); wrong != nil {
		r.Findings = append(r.Findings, *wrong)
	} else if found.Well() && len(set.Files()) > 0 {
		s := sender{result: r, target: &f.Target, details: found.Details, plan: plan, ready: time.Duration(f.WaitReady)}
		s.send(ctx, target, request, set, options)
	}
	r.Findings = append(r.Findings, machine(&plan, endpoint.Embedded(target), found.Addresses))
	write := r.Text
	if f.Output == "json" {
		write = r.JSON
	}
	if err = write(out); err == nil && ctx.Err() != nil {
		err = attack.ErrInterrupted
	}
	return r.Well(), err
}

// unnamed is what is wrong with a first body that does not name the model; nil
// where nothing is, or there is none.
func unnamed(set *payloads.Set, model string) *endpoint.Finding {
	if set.MaxBody() == 0 {
		return nil
	}
	err := config.CheckModel(set, model)
	if err == nil {
		return nil
	}
	return &endpoint.Finding{Check: "request", State: endpoint.Bad, Text: err.Error()}
}

// plan is the load asked for; without any, that of a look at the endpoint.
func (f *Flags) plan() (plan.Plan, error) {
	p := f.Load.Plan()
	if err := f.Load.Check(); err != nil {
		return p, err
	}
	whole := p
	if !p.Open() && f.Concurrency == nil {
		whole.Concurrency = 1
	}
	if p.Duration == 0 && f.Requests == nil {
		whole.Requests = 1
	}
	return p, whole.Validate()
}

// load is what workspace and endpoint say to the load asked for.
func (r *Result) load(d *endpoint.Details, plan *plan.Plan) {
	if d != nil && !plan.Open() && d.MaxConcurrency() > 0 && plan.Concurrency > d.MaxConcurrency() {
		r.Findings = append(r.Findings, endpoint.Finding{Check: "concurrency", State: endpoint.Doubtful,
			Text: fmt.Sprintf(
				"%d in flight, and provisioned concurrency %d works on as many at a time: the others wait in its queue, or are refused with 429",
				plan.Concurrency,
				d.MaxConcurrency(),
			),
			Remedy: setting.Textf("begin with -c %d, and raise it to see what waiting costs", d.MaxConcurrency())})
	}
	if text := report.RateWarning(d, plan.PeakRate()); text != "" {
		r.Findings = append(r.Findings, endpoint.Finding{Check: "rate", State: endpoint.Doubtful, Text: text,
			Remedy: setting.Textf(
				"turn route optimisation on, which is possible when an endpoint is created, or ask for %d/s at the most",
				endpoint.WorkspaceRate,
			)})
	}
}

// Text writes the result for people.
func (r *Result) Text(w io.Writer) error {
	target := endpoint.RedactTarget(r.Target)
	title := []string{target}
	if r.URL != "" && r.URL != target {
		title = append(title, r.URL)
	}
	var checks []text.Check
	for _, f := range r.Findings {
		found := f.Text
		if f.Took > 0 {
			found += " (" + milliseconds(f.Took) + ")"
		}
		checks = append(
			checks,
			text.Check{
				Name:   f.Check,
				State:  string(f.State),
				Good:   f.State == endpoint.Well,
				Bad:    f.State == endpoint.Bad,
				Text:   found,
				Remedy: words.Of(f.Remedy),
			},
		)
	}
	return text.Checklist(w, title, checks, text.OptionsFor(w))
}

func milliseconds(d time.Duration) string {
	ms := float64(d) / 1e6
	switch {
	case ms < 10:
		return fmt.Sprintf("%.2f ms", ms)
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f s", ms/1e3)
}

type (
	document struct {
		Schema int    `json:"schema"`
		Brunt  string `json:"brunt"`
		Probe  body   `json:"probe"`
	}
	body struct {
		Target  string     `json:"target"`
		URL     *string    `json:"url"` // null where it could not be found out
		Well    bool       `json:"well"`
		Checks  []check    `json:"checks"`
		Request *exchanged `json:"request"` // null where none was sent
	}
	check struct {
		Check  string   `json:"check"`
		State  string   `json:"state"` // ok, warning or failed
		Text   string   `json:"text"`
		Remedy *string  `json:"remedy"`
		TookMS *float64 `json:"took_ms"`
	}
	exchanged struct {
		Status      *int     `json:"status"` // null where no complete reply came
		DNSMS       *float64 `json:"dns_ms"` // null where there was nothing to look up
		ConnectMS   *float64 `json:"connect_ms"`
		TLSMS       *float64 `json:"tls_ms"`
		FirstByteMS *float64 `json:"first_byte_ms"`
		RestMS      *float64 `json:"rest_ms"`
		TotalMS     *float64 `json:"total_ms"`
		BytesIn     uint64   `json:"bytes_in"`
		RequestID   *string  `json:"request_id"`
		ServedModel *string  `json:"served_model"`
		Cause       *string  `json:"cause"` // as in reports
	}
)

// JSON writes the result as one line.
func (r *Result) JSON(w io.Writer) error {
	b := body{Target: endpoint.RedactTarget(r.Target), URL: optional(r.URL), Well: r.Well(), Checks: []check{}}
	for _, f := range r.Findings {
		b.Checks = append(
			b.Checks,
			check{
				Check:  f.Check,
				State:  string(f.State),
				Text:   f.Text,
				Remedy: optional(words.Of(f.Remedy)),
				TookMS: ms(f.Took),
			},
		)
	}
	if q := r.Request; q != nil {
		b.Request = &exchanged{
			DNSMS: ms(
				q.DNS,
			), ConnectMS: ms(q.Connect), TLSMS: ms(q.TLS), FirstByteMS: ms(q.FirstByte), RestMS: ms(q.Rest), TotalMS: ms(q.Total),
			BytesIn: q.BytesIn, RequestID: optional(q.RequestID), ServedModel: optional(q.ServedModel), Cause: optional(q.Cause),
		}
		if q.Status > 0 {
			b.Request.Status = &q.Status
			b.Request.RestMS = new(math.Round(float64(q.Rest)/1e3) / 1e3) // may be none at all
		}
	}
	return show.EncodeJSON(w, document{Schema: report.SchemaVersion, Brunt: report.Version(), Probe: b})
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func ms(d time.Duration) *float64 {
	if d <= 0 {
		return nil
	}
	return new(math.Round(float64(d)/1e3) / 1e3)
}

// Help gives two examples.
func (*Flags) Help() string {
	return `Examples:
  brunt probe my-endpoint
  brunt probe https://host/path -p bodies.jsonl -o json | jq .probe.checks`
}
