package panel

import (
	"fmt"
	"io"
	"os"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"golang.org/x/term"

	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/report"
	"brunt/report/format"
	_ "brunt/report/panel/silent" // before bubbletea
)

const (
	// redraw is the pace of snapshots: intervals close once a second.
	redraw = time.Second
	// shortest is the length of run from which a panel is worth its screen.
	shortest = 5 * time.Second
)

// Show draws the run on w, a terminal, until the function that it returns is
// called: a panel for a run of more than a few seconds on a capable terminal,
// else one line. On anything but a terminal, and in the background of one, it is
// a line each 10 s, and when quiet nothing.
// interrupt is called when q or Ctrl-C is pressed, which a panel's raw mode
// keeps from becoming a signal.
func Show(w io.Writer, in io.Reader, run report.Run, plan *plan.Plan, quiet bool, interrupt func()) (stop func()) {
	if quiet {
		return func() {}
	}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || !foreground(f) {
		return plain(w, alive, run, plan)
	}
	width, height, err := term.GetSize(int(f.Fd()))
	if os.Getenv("TERM") == "dumb" || plan.Duration > 0 && plan.Duration < shortest || err != nil || width < 64 ||
		height < 16 {
		return watch(f, run, plan)
	}
	return show(f, in, run, plan, interrupt)
}

// Waiting gives what is told what is waited for before a run: on a terminal it
// writes a line for each, on anything else one each 10 s until stop is called,
// and when quiet nothing.
func Waiting(w io.Writer, quiet bool) (tell func(text string), stop func()) {
	if quiet {
		return func(string) {}, func() {}
	}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return waitPlain(w, alive)
	}
	return func(text string) { fmt.Fprintln(f, "brunt: "+format.Plain(text)) }, func() {}
}

func show(f *os.File, in io.Reader, run report.Run, plan *plan.Plan, interrupt func()) (stop func()) {
	m := &model{run: run, plan: plan, styles: newStyles(f), interrupt: interrupt, snapshot: run.Snapshot()}
	options := []tea.ProgramOption{tea.WithOutput(f), tea.WithAltScreen(), tea.WithoutSignalHandler()}
	// Bodies may come from standard input; keys are read only from a terminal.
	if keys, ok := in.(*os.File); ok && term.IsTerminal(int(keys.Fd())) {
		options = append(options, tea.WithInput(keys))
	} else {
		options = append(options, tea.WithInput(nil))
	}
	program := tea.NewProgram(m, options...)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		// An error is a terminal that went away: the run goes on without it.
		_, _ = program.Run()
	}()
	return func() {
		program.Quit()
		<-gone
	}
}

// model is bubbletea's: it holds the newest snapshot and nothing else.
type model struct {
	run           report.Run
	plan          *plan.Plan
	styles        styles
	interrupt     func()
	snapshot      *result.Snapshot
	width, height int
}

type tick struct{}

func next() tea.Cmd { return tea.Tick(redraw, func(time.Time) tea.Msg { return tick{} }) }

// Init starts the clock of redraws.
func (m *model) Init() tea.Cmd { return next() }

// Update takes keys, resizes and ticks.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tick:
		m.snapshot = m.run.Snapshot()
		return m, next()
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.KeyMsg:
		switch msg.String() {
		case "q", "ctrl+c":
			m.interrupt()
		}
	}
	return m, nil
}
