package live

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"html"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/pkg/browser"

	"brunt/attack/host"
	"brunt/attack/plan"
	"brunt/report"
	"brunt/report/live/guard"
	"brunt/report/page"
	"brunt/report/rules"
	"brunt/report/saved"
)

// Config is what a live view is opened with.
type Config struct {
	Flags
	// Form and Settings are what a start takes as given; the form's target, load, times
	// and chosen files are filled in from the settings.
	Form     Form
	Settings Settings
	Rules    []rules.Rule // that every run is judged by, unless the settings have some
	// Start begins the run that the page asks for, one call at a time, unless
	// ctx ends before; waiting is told what is waited for. It is nil where runs
	// are not started from the page. Its error, one line, may be or wrap a
	// *FieldError.
	Start func(ctx context.Context, o Settings, waiting func(text string)) (*Job, error)
}

// View is a live view being served. Its methods may be called from any
// goroutine.
type View struct {
	url          string
	exposed      bool   // the token goes over plain HTTP to other machines
	redirectFile string // that a browser is opened with, empty for none
	controller   *controller
	feed         *feed
	server       *http.Server
	connections  *guard.Connections
	savedRuns    saved.Lister
	making       sync.Mutex // see makeAlone
	serving      sync.WaitGroup
	handlers     sync.WaitGroup
}

// Open listens and serves; its error is one line that begins with the flag at
// fault.
func Open(c Config) (*View, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	token, err := c.token()
	if err != nil {
		return nil, err
	}
	files, err := page.Live()
	if err != nil {
		return nil, err
	}
	secure := c.ServeCert != ""
	var certificates []tls.Certificate
	if secure {
		pair, err := tls.LoadX509KeyPair(c.ServeCert, c.ServeKey)
		if err != nil {
			return nil, fmt.Errorf("--serve-cert: %w", err)
		}
		certificates = append(certificates, pair)
	}
	l, err := listen(c.Serve)
	if err != nil {
		return nil, err
	}
	loopback := isLoopback(l.Addr())
	if token == "" && !loopback {
		token = rand.Text() // 128 bits and a few more
	}
	c.Form.AnyTarget = c.ServeAnyTarget
	if c.Settings.Rules == nil {
		c.Settings.Rules = c.Rules
	}
	v := &View{
		exposed:     token != "" && !secure && !loopback,
		url:         pageURL(l.Addr(), c.Serve, secure, token),
		connections: guard.NewConnections(host.ReadLimits().Files),
	}
	v.controller = &controller{
		start:         c.Start,
		form:          c.Form,
		settings:      c.Settings,
		commandTarget: c.Settings.Target,
		changed:       make(chan struct{}),
	}
	v.controller.addresses, v.controller.addressNote = addresses(l.Addr(), c.Serve, secure)
	v.feed = newFeed(v.controller)
	v.controller.notify = v.feed.notify
	v.serve(l, certificates, &guard.Guard{
		Loopback: loopback, Secure: secure, Token: token, Open: c.ServeOpen, Cookie: guard.CookieName(l.Addr()),
		Next: v.routes(files), Authenticated: v.authenticated,
		Refuse: func(w http.ResponseWriter, status int, why string) { writeJSON(w, status, apiError{Error: why}) },
	})
	if c.Flags.Open {
		v.openBrowser(token != "")
	}
	return v, nil
}

func (v *View) serve(l net.Listener, certificates []tls.Certificate, guarded http.Handler) {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	v.server = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			v.handlers.Add(1)
			defer v.handlers.Done()
			if req.ContentLength != 0 {
				discardBody(w)
			}
			guarded.ServeHTTP(newDeadlineWriter(w), req)
		}),
		ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ConnState: v.connections.ConnState, ConnContext: guard.ConnContext, Protocols: protocols,
		ErrorLog: log.New(io.Discard, "", 0), // of clients that went away or do not speak HTTP
	}
	if certificates != nil {
		l = tls.NewListener(
			l,
			&tls.Config{Certificates: certificates, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}},
		)
	}
	v.serving.Go(func() { _ = v.server.Serve(l) }) // ends with Close
}

// discardBody has the request served without its body, unless a handler reads it: the
// rest must come within discardTimeout, and ends the connection.
func discardBody(w http.ResponseWriter) {
	w.Header().Set("Connection", "close") // else the server reads the body first
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(discardTimeout))
}

// authenticated notes the connection of a request that may act. One that has still to
// send its body is noted when it has.
func (v *View) authenticated(req *http.Request) {
	if req.ContentLength == 0 {
		v.connections.Authenticated(req)
	}
}

// openBrowser shows the page. What the browser says is not for this terminal,
// and that there is none is no reason to stop.
func (v *View) openBrowser(token bool) {
	browser.Stdout, browser.Stderr = io.Discard, io.Discard
	shown := v.url
	if token {
		var err error
		if v.redirectFile, err = writeRedirect(v.url); err != nil {
			return // the address was printed
		}
		shown = "file://" + filepath.ToSlash(v.redirectFile)
	}
	go func() { _ = browser.OpenURL(shown) }()
}

// writeRedirect writes a page that only this user can read, and that redirects to url.
// Everybody on this machine can read a browser's arguments, and they must not hold the
// token.
func writeRedirect(url string) (path string, err error) {
	f, err := os.CreateTemp("", "brunt-*.html")
	if err != nil {
		return "", err
	}
	_, err = fmt.Fprintf(
		f,
		`<!doctype html><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url=%s"><title>brunt</title>`,
		html.EscapeString(url),
	)
	return f.Name(), errors.Join(err, f.Close())
}

// URL is the address of the page, with the token where one is asked for.
func (v *View) URL() string { return v.url }

// Addresses are all at which the page may be reached, without the token, and words on
// what lies between; empty where there is nothing to say.
func (v *View) Addresses() (list []string, note string) {
	return v.controller.addresses, v.controller.addressNote
}

// Exposed reports whether the page asks for a token that goes over a network by
// plain HTTP.
func (v *View) Exposed() bool { return v.exposed }

// Prepare says that a run is about to be started elsewhere: none is started from the
// page until it is attached, and its preparation must end with ctx. waiting is to be
// called with what is waited for.
func (v *View) Prepare() (ctx context.Context, waiting func(text string)) {
	c := v.controller
	c.mu.Lock()
	p := c.prepare()
	c.mu.Unlock()
	c.notify()
	return p.ctx, c.waiting
}

// Attach shows a run that was started elsewhere with these settings; it is stopped where
// its preparation was canceled meanwhile. The channel gives its final report, judged,
// with the warnings of the job's Close.
func (v *View) Attach(job *Job, settings Settings, by string) <-chan *report.Report {
	out := make(chan *report.Report, 1)
	c := v.controller
	c.mu.Lock()
	if settings.Rules == nil {
		settings.Rules = c.settings.Rules
	}
	c.settings = settings
	now := c.attach(job, settings, by)
	c.mu.Unlock()
	c.notify()
	c.pending.Go(func() {
		<-now.ended
		c.mu.Lock()
		final := now.final
		c.mu.Unlock()
		out <- final.whole()
	})
	return out
}

// Last is the newest final report of this process, nil before there is one.
func (v *View) Last() *report.Report {
	v.controller.mu.Lock()
	var last *final
	for _, r := range v.controller.history {
		if r.final != nil {
			last = r.final
		}
	}
	v.controller.mu.Unlock()
	if last == nil {
		return nil
	}
	return last.whole()
}

// Wait serves until it is interrupted, or until no run has been under way for as long as
// linger; 0 waits for no other run, below 0 waits for ever. The first interrupt drains
// the run under way, after whose end Wait returns; the second cuts it off, the third
// calls die. SIGQUIT cuts it off at once.
func (v *View) Wait(interrupts <-chan os.Signal, linger time.Duration, die func()) {
	for seen := 0; ; {
		under, ended := v.controller.watchActive()
		var late <-chan time.Time
		if !under {
			if linger == 0 || seen > 0 {
				return
			}
			if linger > 0 {
				late = time.After(linger)
			}
		}
		select {
		case <-ended:
		case <-late:
			if under, _ = v.controller.watchActive(); !under {
				return
			}
		case signal := <-interrupts:
			if signal == syscall.SIGQUIT {
				seen = max(seen, 1)
			}
			if under, _ = v.controller.watchActive(); !under { // one may have started meanwhile
				return
			}
			switch seen++; seen {
			case 1:
				_ = v.controller.Stop(plan.Drain, "by an interrupt")
			case 2:
				_ = v.controller.Stop(plan.Cut, "by an interrupt")
			default:
				die()
			}
		}
	}
}

// closeTimeout is how long subscribers may take to read the last figures.
const closeTimeout = time.Second

// Close cuts off a run that is still under way and waits for it, sends subscribers the
// last figures, and ends the server.
func (v *View) Close() error {
	v.controller.close()
	v.feed.end()
	left := make(chan struct{})
	go func() {
		v.feed.active.Wait()
		close(left)
	}()
	select {
	case <-left:
	case <-time.After(closeTimeout):
	}
	err := v.server.Close()
	<-left
	v.feed.publishing.Wait()
	v.handlers.Wait()
	v.serving.Wait()
	if v.redirectFile != "" {
		_ = os.Remove(v.redirectFile)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
