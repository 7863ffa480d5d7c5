package endpoint

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"brunt/attack/endpoint/databricks"
	"brunt/attack/endpoint/secret"
	"brunt/payloads/setting"
)

// State is how a check has ended.
type State string

// The states. Doubtful things do not keep a load from being sent.
const (
	Well     State = "ok"
	Doubtful State = "warning"
	Bad      State = "failed"
)

// Finding is what one check of a target has found.
type Finding struct {
	Check  string // workspace, credentials, endpoint, addresses, tcp, tls …
	State  State
	Text   string
	Remedy setting.Text  // what to do about it; empty where nothing is to be done
	Took   time.Duration // 0 where that means nothing
}

// ProbeReport is a target that has been looked at.
type ProbeReport struct {
	URL      string // where requests go, safe to show; empty where that could not be found out
	Findings []Finding
	Details  *Details // of a serving endpoint, as far as they were given
	Model    string   // of Unity AI Gateway, which bodies must name; empty for others
	// Addresses is how many pairs of addresses connections to the host of URL can have; 0
	// where it has none.
	Addresses int

	ctx     context.Context
	options Options
	timeout time.Duration
	secrets secret.Set
}

// Probe looks at everything between this host and the target that a word names,
// in the order in which a request needs it, up to the first failure or the end of
// ctx. Nothing is sent to the endpoint itself. The timeout is for each step, but
// for the waiting that the options ask for. The error is about the word or the
// options.
func Probe(ctx context.Context, word string, o Options, timeout time.Duration) (*ProbeReport, error) {
	word = trim(word)
	if err := Check(word); err != nil {
		return nil, err
	}
	if _, err := o.transport(); err != nil {
		return nil, err
	}
	silenceLibraryLogs() // of what replies hold, too
	p := &ProbeReport{ctx: ctx, options: o, timeout: timeout}
	p.secrets.URL(word)
	p.secrets.URL(o.Proxy)
	p.secrets.Environment()
	if Embedded(word) {
		e, err := Open(ctx, word, o, timeout)
		if err != nil {
			return nil, err
		}
		defer e.Close()
		p.URL = word
		p.well("endpoint", "embedded in this process, like a serving endpoint", 0)
		return p, p.network(e.Target, "")
	}
	at, plain, found, err := locate(word, o)
	if err != nil {
		return nil, err
	}
	if found {
		handled, err := p.workspace(at)
		if handled || err != nil {
			return p, err
		}
	}
	if at.page && !o.NoAuth && !o.OwnAuth {
		p.bad(
			"workspace",
			"the URL is a page of a workspace, and there are no credentials for it",
			databricks.Remedy(at.host),
		)
		return p, nil
	}
	t, err := Parse(plain)
	if err != nil {
		return nil, err
	}
	p.URL = t.URL
	return p, p.network(t, "")
}

// Well reports whether nothing has failed.
func (p *ProbeReport) Well() bool {
	for _, f := range p.Findings {
		if f.State == Bad {
			return false
		}
	}
	return true
}

// Interrupted is the text of what failed because the user had seen enough.
const Interrupted = "interrupted"

func (p *ProbeReport) add(f Finding) {
	if f.State == Bad && p.ctx.Err() != nil {
		f.Text, f.Remedy = Interrupted, setting.Text{}
	}
	p.Findings = append(p.Findings, f)
}

func (p *ProbeReport) well(check, text string, took time.Duration) {
	p.add(Finding{Check: check, State: Well, Text: text, Took: took})
}

func (p *ProbeReport) bad(check, text string, remedy setting.Text) {
	p.add(Finding{Check: check, State: Bad, Text: text, Remedy: remedy})
}

// fails notes an error, which may bring a remedy of its own.
func (p *ProbeReport) fails(check string, err error, remedy setting.Text) {
	text := err.Error()
	var advised databricks.Advised
	if errors.As(err, &advised) && !advised.Remedy().Empty() {
		text, remedy = strings.Replace(text, advised.Error(), advised.What(), 1), advised.Remedy()
	}
	p.bad(check, RedactTokens(p.secrets.Redact(text)), remedy)
}

// workspace looks at a target in a workspace; handled is false where it is in
// none that is configured.
func (p *ProbeReport) workspace(at location) (handled bool, err error) {
	transport, err := p.options.transport()
	if err != nil {
		return true, err
	}
	defer transport.CloseIdleConnections()
	w, handled, err := at.workspace(
		databricks.Options{Profile: p.options.Profile, Transport: transport, Secrets: &p.secrets, Redact: RedactTokens},
	)
	switch {
	case err != nil:
		p.fails("workspace", err, setting.Textf("choose the workspace with %v, or DATABRICKS_HOST", setting.Profile))
		return true, nil
	case w == nil:
		return handled, nil
	}
	host, err := Parse(w.Host())
	if err != nil {
		p.fails(
			"workspace",
			err,
			setting.Plain("set the workspace's host to its URL, such as https://dbc-1234.cloud.databricks.com"),
		)
		return true, nil
	}
	p.URL = RedactTarget(at.url(w.Host()))
	p.well("workspace", w.Host(), 0)
	if err := p.network(host, ""); err != nil || !p.Well() {
		return true, err
	}
	ctx, cancel := context.WithTimeout(p.ctx, p.timeout)
	defer cancel()
	if !p.login(ctx, w) {
		return true, nil
	}
	if at.app {
		return true, p.app(w, at)
	}
	if p.Model = at.model; at.model != "" {
		p.well(
			"model",
			fmt.Sprintf("%s, of Unity AI Gateway, which chooses it by the body: \"model\": \"%s\"", at.model, at.model),
			0,
		)
	}
	if at.name == "" {
		return true, nil
	}
	began := time.Now()
	d, err := w.Endpoint(ctx, at.name)
	if err != nil {
		p.refused(ctx, w, at, err)
		return true, nil
	}
	if took := time.Since(began); d.Ready || p.options.WaitReady == 0 {
		p.endpoint(d, at, took)
	} else {
		p.options.waiting("waiting for endpoint %s to be ready%s, %s at most", d.Name, deployment(d), Span(p.options.WaitReady))
		d, _ = awaitReady(p.ctx, w, d, p.options.WaitReady) // not ready is what the finding says then
		p.endpoint(d, at, time.Since(began))
	}
	if p.Details = d; d.RouteOptimized && d.Ready {
		return true, p.route(w, at, d)
	}
	return true, nil
}

// app looks at the way to an app, which is not its workspace's host.
func (p *ProbeReport) app(w *databricks.Workspace, at location) error {
	if !p.options.OwnAuth && !w.OAuth() {
		p.fails("credentials", w.NoAppToken(), setting.Text{})
		return nil
	}
	t, err := Parse(at.word)
	if err != nil {
		return err
	}
	p.URL = t.URL
	return p.network(t, "app ")
}

// login gets a token.
func (p *ProbeReport) login(ctx context.Context, w *databricks.Workspace) bool {
	if p.options.OwnAuth {
		p.well("credentials", "the Authorization header given", 0)
		return true
	}
	began := time.Now()
	token, err := w.Login(ctx)
	if err != nil {
		p.fails("credentials", err, setting.Plain("check the profile, or the DATABRICKS_… variables"))
		return false
	}
	text := token.Kind
	if token.Kind == "pat" {
		text = "personal access token (pat)"
	}
	if left := time.Until(token.Expires); !token.Expires.IsZero() {
		text += ", good for " + Span(left)
	}
	p.well("credentials", text, time.Since(began))
	return true
}

// refused explains why there are no details.
func (p *ProbeReport) refused(ctx context.Context, w *databricks.Workspace, at location, err error) {
	var answer *databricks.StatusError
	if !errors.As(err, &answer) {
		p.fails("endpoint", err, setting.Plain("see whether "+w.Host()+" can be reached from here"))
		return
	}
	said := w.Redact(answer.Error())
	switch {
	case answer.Status == http.StatusNotFound:
		remedy := "give one of its names"
		if names, err := w.Names(ctx); err == nil {
			remedy = strings.TrimLeft(nearest(at.name, names), ";:, ")
		}
		p.bad("endpoint", fmt.Sprintf("no endpoint %q in this workspace", at.name), setting.Plain(remedy))
	case answer.Status == http.StatusUnauthorized, strings.Contains(answer.Message, "access token"):
		// They were found, which is not to be read as well after this.
		p.Findings = slices.DeleteFunc(p.Findings, func(f Finding) bool { return f.Check == "credentials" })
		p.bad("credentials", "refused: "+said, w.Renew())
	case answer.Status == http.StatusForbidden:
		p.bad(
			"endpoint",
			fmt.Sprintf("no permission on %s: %s", at.name, said),
			setting.Plain("ask its owner for Can Query"),
		)
	default:
		p.bad(
			"endpoint",
			"the workspace answers "+said,
			setting.Plain("try again; if it stays so, its status page may say why"),
		)
	}
}

// endpoint tells the endpoint's state.
func (p *ProbeReport) endpoint(d *Details, at location, took time.Duration) {
	f := Finding{Check: "endpoint", State: Well, Text: describe(d), Took: took}
	switch {
	case at.served != "" && !serves(d, at.served):
		f.State, f.Text, f.Remedy = Bad, fmt.Sprintf(
			"%s has no served entity %q",
			d.Name,
			at.served,
		), setting.Plain(
			p.redact("it has "+served(d)),
		)
	case !d.Ready:
		f.State, f.Text = Bad, d.Name+" is NOT_READY"+deployment(d)
		f.Remedy = setting.Textf("wait for it with %v 10m, or see the endpoint's page for why", setting.WaitReady)
		if p.options.WaitReady > 0 {
			f.Remedy = setting.Textf(
				"it was waited for, for %s: see the endpoint's page for why it is not ready",
				Exactly(p.options.WaitReady),
			)
		}
	case d.Permission == canView && !p.options.OwnAuth:
		f.State, f.Remedy = Bad, setting.Plain(
			"these credentials may see the endpoint but not query it: ask its owner for Can Query",
		)
	case d.Update == "IN_PROGRESS":
		f.State, f.Remedy = Doubtful, setting.Plain(
			"it is being updated: figures would be of the old and the new configuration together",
		)
	case d.Update == "UPDATE_FAILED":
		f.State, f.Remedy = Doubtful, setting.Plain(
			"its last update failed, so the old configuration answers: see the endpoint's page",
		)
	case d.Asleep():
		f.State, f.Remedy = Doubtful, setting.Textf(
			"scaled to zero: brunt attack wakes it before the load, for as long as %v 10m says; turn scale-to-zero off for load tests",
			setting.WaitReady,
		)
	}
	// What the workspace says may repeat what it was sent.
	f.Text = p.redact(f.Text)
	p.add(f)
}

func (p *ProbeReport) redact(text string) string { return RedactTokens(p.secrets.Redact(text)) }

// describe says what the endpoint is and what that means for a load.
func describe(d *Details) string {
	text := d.Name + " is READY"
	if n := d.MaxConcurrency(); n > 0 {
		text += fmt.Sprintf(", provisioned concurrency %d", n)
	}
	if said := d.Throughput(); said != "" {
		text += ", provisioned throughput " + said
	}
	if len(d.Entities) > 1 {
		text += fmt.Sprintf(", %d served entities", len(d.Entities))
	}
	if d.RouteOptimized {
		return text + ", route-optimised"
	}
	return text + fmt.Sprintf(", not route-optimised (%d requests/s per workspace at most)", WorkspaceRate)
}

// route looks at a route-optimised endpoint's own token and host.
func (p *ProbeReport) route(w *databricks.Workspace, at location, d *Details) error {
	if !p.options.OwnAuth {
		began := time.Now()
		token, err := withTimeout(
			p.ctx,
			p.timeout,
			func(ctx context.Context) (*databricks.Token, error) { return w.DataPlane(ctx, d) },
		)
		if err != nil {
			p.fails(
				"route token",
				err,
				setting.Plain(
					"a route-optimised endpoint takes OAuth tokens made for it: see that these credentials may query it",
				),
			)
			return nil
		}
		p.well(
			"route token",
			token.Kind+", made for this endpoint, good for "+Span(time.Until(token.Expires)),
			time.Since(began),
		)
	}
	url, err := at.routeURL(d)
	if err != nil {
		p.fails("route", err, setting.Plain("give the endpoint's name alone"))
		return nil
	}
	t, err := Parse(url)
	if err != nil {
		return err
	}
	p.URL = t.URL
	return p.network(t, "route ")
}
