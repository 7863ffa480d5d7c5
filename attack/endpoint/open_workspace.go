package endpoint

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"brunt/attack/endpoint/databricks"
	"brunt/payloads/setting"
)

const (
	// maxWorkspaceTimeout is how long all questions to a workspace may take together.
	maxWorkspaceTimeout = 60 * time.Second
	// readyInterval is the time between two looks at an endpoint that is not ready.
	readyInterval = 2 * time.Second
)

// canView is the permission of those who may see an endpoint and not query it.
const canView = "CAN_VIEW"

// WorkspaceRate is how many queries per second a workspace takes for its
// endpoints that are not route-optimised, all together (Databricks, "Model
// Serving limits").
const WorkspaceRate = 200

// Details are what the workspace says of a serving endpoint.
type Details = databricks.Details

// openInWorkspace opens a target in a workspace. handled is false where it turns out
// to be a plain URL.
func (e *Endpoint) openInWorkspace(
	ctx context.Context,
	p location,
	o Options,
	timeout time.Duration,
) (handled bool, err error) {
	transport, err := o.transport()
	if err != nil {
		return true, err
	}
	w, handled, err := p.workspace(
		databricks.Options{Profile: o.Profile, Transport: transport, Secrets: &e.secrets, Redact: RedactTokens},
	)
	if w == nil {
		return handled, err
	}
	silenceLibraryLogs()
	e.workspace, e.transport = w, transport
	workspaceTimeout := min(timeout, maxWorkspaceTimeout)
	token, err := withTimeout(ctx, workspaceTimeout, w.Login)
	var none *databricks.ConfigError
	if o.OwnAuth && errors.As(err, &none) {
		e.Name = p.name
		return true, e.connectTo(ctx, p.url(w.Host()), o, timeout)
	} else if err != nil {
		return true, unreachable(err)
	}
	url, source := p.url(w.Host()), w.Login
	switch e.Model = p.model; {
	case p.app && !o.OwnAuth:
		if source = w.AppToken; !w.OAuth() {
			return true, w.NoAppToken()
		}
		if token, err = withTimeout(ctx, workspaceTimeout, source); err != nil {
			return true, unreachable(err)
		}
	case p.app:
	case p.name != "":
		if err := e.lookUp(ctx, p, o, workspaceTimeout); err != nil {
			return true, err
		}
		d := e.Details
		if p.routed && (d == nil || !d.RouteOptimized) {
			return true, &UnreachableError{
				fmt.Errorf(
					"target %s: the workspace does not have endpoint %s there; give its name alone",
					clip(redactURL(p.word)),
					p.name,
				),
			}
		}
		if d != nil && d.RouteOptimized {
			if url, err = p.routeURL(d); err != nil {
				return true, &UnreachableError{err}
			}
			source = func(ctx context.Context) (*databricks.Token, error) { return w.DataPlane(ctx, d) }
			if !o.OwnAuth {
				if token, err = withTimeout(ctx, workspaceTimeout, source); err != nil {
					return true, unreachable(err)
				}
			}
		}
	}
	if !o.OwnAuth {
		e.credentials = newCredentials(token, source)
	}
	return true, e.connectTo(ctx, url, o, timeout)
}

// withTimeout asks for a token, for as long as timeout.
func withTimeout(
	ctx context.Context,
	timeout time.Duration,
	source func(context.Context) (*databricks.Token, error),
) (*databricks.Token, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return source(ctx)
}

// unreachable makes an error an UnreachableError, unless it is about the
// configuration: those are usage errors.
func unreachable(err error) error {
	var config *databricks.ConfigError
	if errors.As(err, &config) {
		return err
	}
	var atProxy interface{ Remedy() setting.Text }
	if errors.As(err, &atProxy) && !atProxy.Remedy().Empty() {
		return &UnreachableError{setting.Errorf("%w; %v", err, atProxy.Remedy())}
	}
	return &UnreachableError{err}
}

// Unconfigured reports whether an error of Open is that this machine has no credentials, or
// none that make sense.
func Unconfigured(err error) bool {
	var config *databricks.ConfigError
	return errors.As(err, &config)
}

// lookUp asks for the endpoint's details, and waits for it to be ready where
// that is wanted.
func (e *Endpoint) lookUp(ctx context.Context, p location, o Options, timeout time.Duration) error {
	d, err := e.ask(ctx, p, timeout)
	if d == nil {
		return err
	}
	e.Name, e.Details = d.Name, d
	if p.served != "" && !serves(d, p.served) {
		return &UnreachableError{
			fmt.Errorf("endpoint %s has no served entity %q; it has %s", d.Name, p.served, served(d)),
		}
	}
	if !d.Ready && o.WaitReady > 0 {
		o.waiting("waiting for endpoint %s to be ready%s, %s at most", d.Name, deployment(d), Span(o.WaitReady))
		if e.Details, err = awaitReady(ctx, e.workspace, d, o.WaitReady); err != nil {
			return err
		}
	}
	switch d := e.Details; {
	case !d.Ready:
		return &UnreachableError{
			setting.Errorf(
				"endpoint %s is not ready%s: wait for it with %v 10m",
				d.Name,
				deployment(d),
				setting.WaitReady,
			),
		}
	case d.Permission == canView && !o.OwnAuth && !o.describeOnly:
		return &UnreachableError{
			fmt.Errorf(
				"no permission on endpoint %s: these credentials may see it but not query it; ask its owner for Can Query",
				d.Name,
			),
		}
	case d.Update == "IN_PROGRESS":
		e.note("endpoint %s is being updated: figures may be of its old and new configuration together", d.Name)
	case d.Update == "UPDATE_FAILED":
		e.note("the last update of endpoint %s failed: its old configuration was loaded", d.Name)
	}
	return nil
}

// ask asks for the details once. They are nil without an error where the caller may
// query the endpoint but not see its details.
func (e *Endpoint) ask(ctx context.Context, p location, timeout time.Duration) (*Details, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	d, err := e.workspace.Endpoint(ctx, p.name)
	if err != nil {
		return nil, e.unknown(ctx, p, err)
	}
	return d, nil
}

// waiting reports what is waited for.
func (o *Options) waiting(format string, args ...any) {
	if o.Waiting != nil {
		o.Waiting(fmt.Sprintf(format, args...))
	}
}

// note keeps a line for the reader of the report.
func (e *Endpoint) note(format string, args ...any) {
	e.Notes = append(e.Notes, fmt.Sprintf(format, args...))
}

// awaitReady looks at an endpoint until it is ready, and gives its newest
// details.
func awaitReady(ctx context.Context, w *databricks.Workspace, d *Details, timeout time.Duration) (*Details, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ticker := time.NewTicker(min(readyInterval, max(timeout/10, 10*time.Millisecond)))
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return d, &UnreachableError{
				fmt.Errorf(
					"endpoint %s is still not ready after %s%s: see its page for why",
					d.Name,
					Exactly(timeout),
					deployment(d),
				),
			}
		}
		// A single request without an answer does not end the wait.
		if newest, err := w.Endpoint(ctx, d.Name); err == nil {
			d = newest
		}
		if d.Ready {
			return d, nil
		}
	}
}

// deployment is what is said of entities that are not deployed.
func deployment(d *Details) string {
	for _, x := range d.Entities {
		if x.Deployment != "" && x.Deployment != "DEPLOYMENT_READY" {
			return fmt.Sprintf(" (%s: %s)", x.Name, strings.TrimSpace(x.Deployment+" "+RedactTokens(x.Message)))
		}
	}
	return ""
}

func serves(d *Details, name string) bool {
	for _, x := range d.Entities {
		if x.Name == name {
			return true
		}
	}
	return false
}

func served(d *Details) string {
	var names []string
	for _, x := range d.Entities {
		names = append(names, x.Name)
	}
	return strings.Join(names, ", ")
}

// unknown explains why there are no details.
func (e *Endpoint) unknown(ctx context.Context, p location, err error) error {
	host := e.workspace.Host()
	var refused *databricks.StatusError
	if !errors.As(err, &refused) {
		return unreachable(err)
	}
	switch refused.Status {
	case http.StatusNotFound:
		text := fmt.Sprintf("no endpoint %q in workspace %s", p.name, host)
		if names, err := e.workspace.Names(ctx); err == nil {
			text += nearest(p.name, names)
		}
		if model, ok := strings.CutPrefix(p.name, "databricks-"); ok {
			text += "; a model of Unity AI Gateway is given as system.ai." + model
		}
		return &UnreachableError{errors.New(text)}
	case http.StatusUnauthorized:
		return &UnreachableError{setting.Errorf("%s refuses the credentials: %w; %v", host, err, e.workspace.Renew())}
	case http.StatusForbidden:
		if strings.Contains(refused.Message, "access token") {
			return &UnreachableError{
				setting.Errorf("%s refuses the credentials: %w; %v", host, err, e.workspace.Renew()),
			}
		}
		if p.path != "" {
			// Some may query what they may not see.
			e.Name = p.name
			e.note("the details of endpoint %s could not be read: %s", p.name, err)
			return nil
		}
		return &UnreachableError{
			fmt.Errorf("no permission on endpoint %s: %w; ask its owner for Can Query", p.name, err),
		}
	}
	return &UnreachableError{fmt.Errorf("endpoint %s: %s answers %w", p.name, host, err)}
}

// transport is for questions to a workspace, which go the same way as load.
func (o *Options) transport() (*http.Transport, error) {
	config, err := o.tls()
	if err != nil {
		return nil, err
	}
	if _, _, err = o.redirections(); err != nil {
		return nil, err
	}
	return &http.Transport{
		TLSClientConfig: config, TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 2, IdleConnTimeout: 90 * time.Second, ResponseHeaderTimeout: 30 * time.Second,
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			name, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			return o.connectOnce(ctx, Target{Name: name, Port: port, TLS: true})
		},
	}, nil
}

// connectOnce opens one connection, without the target's own TLS.
func (o *Options) connectOnce(ctx context.Context, t Target) (net.Conn, error) {
	d, err := NewDialer(t, *o)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err = d.Resolve(ctx); err != nil {
		return nil, err
	}
	conn, _, err := d.connect(ctx)
	if err != nil {
		return nil, d.unreached(err)
	}
	return d.way.through(ctx, conn)
}
