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

	"brunt/attack"
	"brunt/report"
	"brunt/report/live/guard"
	"brunt/report/page"
	"brunt/report/rules"
)

// Config is what a live view is opened with.
type Config struct {
	Flags
	// Form and Order are what a start takes as given; the form's target, load,
	// times and chosen files are filled in from the order.
	Form  Form
	Order Order
	Rules []rules.Rule // that every run is judged by
	// Start begins the run that the page asks for, one call at a time, unless
	// ctx ends before; waiting is told what is waited for. It is nil where runs
	// are not started from the page. Its error, one line, may be or wrap a
	// *FieldError.
	Start func(ctx context.Context, o Order, waiting func(text string)) (*Job, error)
}

// View is a live view being served. Its methods may be called from any
// goroutine.
type View struct {
	url      string
	exposed  bool   // the token goes over plain HTTP to other machines
	door     string // file that leads a browser to the page, empty for none
	room     *room
	feed     *feed
	server   *http.Server
	conns    *guard.Connections
	serving  sync.WaitGroup
	handling sync.WaitGroup
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
	v := &View{exposed: token != "" && !secure && !loopback, url: pageURL(l.Addr(), c.Serve, secure, token), conns: guard.NewConnections(attack.HostLimits().Files)}
	v.room = &room{start: c.Start, rules: c.Rules, form: c.Form, order: c.Order, given: c.Order.Target, ended: make(chan struct{})}
	v.feed = newFeed(v.room)
	v.room.touched = v.feed.touch
	v.serve(l, certificates, &guard.Guard{
		Loopback: loopback, Secure: secure, Token: token, Open: c.ServeOpen, Cookie: guard.CookieName(l.Addr()),
		Next: v.routes(files), Welcome: v.welcome,
		Refuse: func(w http.ResponseWriter, status int, why string) { answer(w, status, problem{Error: why}) },
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
			v.handling.Add(1)
			defer v.handling.Done()
			if req.ContentLength != 0 {
				unwanted(w)
			}
			guarded.ServeHTTP(newPatient(w), req)
		}),
		ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ConnState: v.conns.Note, ConnContext: guard.Remember, Protocols: protocols,
		ErrorLog: log.New(io.Discard, "", 0), // of clients that went away or speak no HTTP
	}
	if certificates != nil {
		l = tls.NewListener(l, &tls.Config{Certificates: certificates, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
	}
	v.serving.Go(func() { _ = v.server.Serve(l) }) // ends with Close
}

// unwanted has the request answered without its body, unless a handler reads it:
// the rest comes within haste or not at all, and ends the connection.
func unwanted(w http.ResponseWriter) {
	w.Header().Set("Connection", "close") // else the server reads the body first
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(haste))
}

// welcome is told of requests that are let in. One that has still to send its
// body is welcomed when it has.
func (v *View) welcome(req *http.Request) {
	if req.ContentLength == 0 {
		v.conns.Welcome(req)
	}
}

// openBrowser shows the page. What the browser says is not for this terminal,
// and that there is none is no reason to stop.
func (v *View) openBrowser(token bool) {
	browser.Stdout, browser.Stderr = io.Discard, io.Discard
	shown := v.url
	if token {
		var err error
		if v.door, err = leaveDoor(v.url); err != nil {
			return // the address was printed
		}
		shown = "file://" + filepath.ToSlash(v.door)
	}
	go func() { _ = browser.OpenURL(shown) }()
}

// leaveDoor writes a page, for this user's eyes only, that leads on to another.
// A browser's arguments are for everybody on this machine to read, and a token
// is not.
func leaveDoor(url string) (path string, err error) {
	f, err := os.CreateTemp("", "brunt-*.html")
	if err != nil {
		return "", err
	}
	_, err = fmt.Fprintf(f, `<!doctype html><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url=%s"><title>brunt</title>`, html.EscapeString(url))
	return f.Name(), errors.Join(err, f.Close())
}

// URL is the address of the page, with the token where one is asked for.
func (v *View) URL() string { return v.url }

// Exposed reports whether the page asks for a token that goes over a network by
// plain HTTP.
func (v *View) Exposed() bool { return v.exposed }

// Prepare tells that a run is about to be started elsewhere: none is started from
// the page until it is attached, and what readies it is to end with ctx. waiting
// is to be told what is waited for.
func (v *View) Prepare() (ctx context.Context, waiting func(text string)) {
	r := v.room
	r.mu.Lock()
	p := r.prepare()
	r.mu.Unlock()
	r.touched()
	return p.ctx, r.waiting
}

// Attach shows a run that was started elsewhere and that carries out the
// order; it is stopped where it was given up since Prepare. The channel gives
// its final report, judged, with the warnings of the job's Close.
func (v *View) Attach(job *Job, order Order, by string) <-chan *report.Report {
	out := make(chan *report.Report, 1)
	r := v.room
	r.mu.Lock()
	r.order = order
	now := r.enter(job, order, by)
	r.mu.Unlock()
	r.touched()
	r.following.Go(func() {
		<-now.ended
		r.mu.Lock()
		final := now.final
		r.mu.Unlock()
		out <- final.whole()
	})
	return out
}

// Last is the newest final report of this process, nil before there is one.
func (v *View) Last() *report.Report {
	v.room.mu.Lock()
	var last *final
	for _, r := range v.room.kept {
		if r.final != nil {
			last = r.final
		}
	}
	v.room.mu.Unlock()
	if last == nil {
		return nil
	}
	return last.whole()
}

// Obey serves until it is interrupted, or until no run has been under way for as
// long as linger; 0 waits for no other run, below 0 waits for ever. Interrupts
// drain the run under way, whose end then ends it all, cut it and call die, in
// this order; SIGQUIT cuts it at once.
func (v *View) Obey(interrupts <-chan os.Signal, linger time.Duration, die func()) {
	for seen := 0; ; {
		under, ended := v.room.underway()
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
			if under, _ = v.room.underway(); !under {
				return
			}
		case signal := <-interrupts:
			if signal == syscall.SIGQUIT {
				seen = max(seen, 1)
			}
			if under, _ = v.room.underway(); !under { // one may have begun meanwhile
				return
			}
			switch seen++; seen {
			case 1:
				_ = v.room.Stop(attack.Drain, "by an interrupt")
			case 2:
				_ = v.room.Stop(attack.Cut, "by an interrupt")
			default:
				die()
			}
		}
	}
}

// leaving is how long viewers may take for the last figures: those that read
// need next to nothing.
const leaving = time.Second

// Close cuts a run that is still under way and waits for it, gives viewers the
// last figures, and ends the server.
func (v *View) Close() error {
	v.room.close()
	v.feed.end()
	left := make(chan struct{})
	go func() {
		v.feed.seen.Wait()
		close(left)
	}()
	select {
	case <-left:
	case <-time.After(leaving):
	}
	err := v.server.Close()
	<-left
	v.feed.done.Wait()
	v.handling.Wait()
	v.serving.Wait()
	if v.door != "" {
		_ = os.Remove(v.door)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
