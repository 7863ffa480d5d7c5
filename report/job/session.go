package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"brunt/attack"
	"brunt/attack/host"
	"brunt/report"
	"brunt/report/config"
	"brunt/report/live"
	"brunt/report/live/guard"
	"brunt/report/panel"
	"brunt/report/rules"
)

// Session carries out what one command line asked for, and what its live view
// asks for after that.
type Session struct {
	Source     *Source
	Rules      []rules.Rule
	Interrupts chan os.Signal // the first drains a run, the second cuts it, the third calls Die
	Die        func()
	Quiet      bool      // no progress on a terminal
	In         io.Reader // for keys, where it is a terminal
	Err        io.Writer
	// Publish takes a run's report, and why its results were not written.
	Publish func(rep *report.Report, unwritten error) error
	// Save keeps a run's report besides; nil for none. What it says goes to Publish.
	Save func(rep *report.Report) error

	mu        sync.Mutex
	unwritten error
}

// Once makes the command line's run.
func (s *Session) Once() error {
	s.Source.Rules = s.Rules
	waiting, done := panel.Waiting(s.Err, s.Quiet)
	j, err := s.start(context.Background(), s.Source.Settings(), waiting)
	done()
	if err != nil {
		return err
	}
	s.watch(j)
	of := func() *report.Report {
		rep := report.From(j.Meta, j.Run.Snapshot())
		rules.JudgeAll(rep, s.Rules)
		return rep
	}
	end, unwritten := j.Close(of)
	rep := of()
	end.Amend(rep)
	return s.publish(rep, errors.Join(unwritten, s.save(rep)))
}

func (s *Session) save(rep *report.Report) error {
	if s.Save == nil {
		return nil
	}
	return s.Save(rep)
}

// publish reports. A reader that takes nothing may keep that waiting: the first
// interrupt meanwhile is for what comes after it, the second calls Die.
func (s *Session) publish(rep *report.Report, unwritten error) error {
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for seen := 0; ; {
			select {
			case signal := <-s.Interrupts:
				if seen++; seen > 1 {
					s.Die()
				}
				defer s.interrupt(signal)
			case <-done:
				return
			}
		}
	}()
	err := s.Publish(rep, unwritten)
	close(done)
	<-gone
	return err
}

// start starts the command line's run. That may take minutes, where an endpoint
// has to become ready or to wake first: an interrupt ends the waiting, and the
// process is expected to end with it. Once the load has begun the interrupt is
// for the run.
func (s *Session) start(ctx context.Context, settings live.Settings, waiting func(text string)) (*Job, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type started struct {
		job *Job
		err error
	}
	done := make(chan started, 1)
	go func() {
		j, err := s.Source.Start(ctx, settings, waiting)
		done <- started{j, err}
	}()
	select {
	case d := <-done:
		return d.job, d.err
	case signal := <-s.Interrupts:
		cancel()
		select {
		case d := <-done:
			s.interrupt(signal)
			return d.job, d.err
		case <-time.After(maxCancel): // of what ignores ctx
			return nil, attack.ErrInterrupted
		}
	}
}

// maxCancel is how long the preparation of a run may take to end after its context.
const maxCancel = time.Second

// interrupt has the signal obeyed next, unless enough of them are waiting.
func (s *Session) interrupt(signal os.Signal) {
	select {
	case s.Interrupts <- signal:
	default:
	}
}

// watch shows the run's progress until its end, and obeys interrupts.
func (s *Session) watch(j *Job) {
	hide := panel.Show(s.Err, s.In, j.Run, &j.Meta.Plan, s.Quiet, func() { s.interrupt(os.Interrupt) })
	j.Run.Obey(s.Interrupts, s.Die)
	hide()
}

// Serve serves the live view. The command line's run is made as Once does,
// unless the page is to be waited for; what it makes after that, until it
// lingers no more or is interrupted, is reported on the page, and the last run
// of a page that was waited for is published at the end.
func (s *Session) Serve(flags live.Flags) error {
	s.Source.Rules = s.Rules
	s.Source.otherFiles = guard.FilesFor(host.ReadLimits().Files)
	settings := s.Source.Settings()
	view, err := live.Open(live.Config{
		Flags: flags, Form: s.Source.Form(), Settings: s.Source.FormSettings(),
		Start: func(ctx context.Context, o live.Settings, waiting func(string)) (*live.Job, error) {
			j, err := s.Source.Start(ctx, o, waiting)
			if err != nil {
				return nil, err
			}
			repeat := s.repeat(&settings)
			j.Meta.Command = repeat(&o)
			now := j.Live(s.missed, s.Save)
			now.Repeat = repeat
			return now, nil
		},
	})
	if err != nil {
		return err
	}
	defer view.Close()
	fmt.Fprintf(s.Err, "live view: %s\n", view.URL())
	if list, note := view.Addresses(); note != "" {
		if len(list) > 1 {
			note = "also at " + strings.Join(list[1:], " and ") + "; " + note
		}
		fmt.Fprintf(s.Err, "brunt: %s\n", note)
	}
	if view.Exposed() {
		fmt.Fprintln(
			s.Err,
			"brunt: the page's token goes over plain HTTP, where others on the way can read it; --serve-cert and --serve-key serve over TLS",
		)
	}
	if flags.Wait {
		// Workers are started by people, who are told how before they look at the page.
		if err := s.Source.gather(); err != nil {
			return err
		}
		view.Wait(s.Interrupts, -1, s.Die)
		if rep := view.Last(); rep != nil {
			return s.publish(rep, s.lost())
		}
		return nil
	}
	ctx, onPage := view.Prepare()
	onTerminal, done := panel.Waiting(s.Err, s.Quiet)
	j, err := s.start(ctx, settings, func(text string) { onPage(text); onTerminal(text) })
	done()
	if err != nil {
		return err
	}
	first := j.Live(s.missed, s.Save)
	first.Repeat = s.repeat(&settings)
	final := view.Attach(first, settings, "from the command line")
	s.watch(j)
	err = s.publish(<-final, s.lost())
	view.Wait(s.Interrupts, flags.LingerFor(), s.Die)
	return err
}

// repeat gives the command line of a run of other settings than the given ones.
func (s *Session) repeat(given *live.Settings) func(*live.Settings) string {
	return func(o *live.Settings) string { return config.CommandLine(o.Repeat(given, s.Source.streams.Args)) }
}

// missed notes what could not be written of a run.
func (s *Session) missed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unwritten = err
}

func (s *Session) lost() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unwritten
}
