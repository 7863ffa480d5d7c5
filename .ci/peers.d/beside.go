package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// neighbours keeps two processes busy on the client's core.
func neighbours(_ *load) (func() string, error) {
	var started []*exec.Cmd
	end := func() string {
		for _, cmd := range started {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		return ""
	}
	for range 2 {
		cmd := exec.Command("taskset", "-c", clientCore, "sh", "-c", "while :; do :; done")
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := cmd.Start(); err != nil {
			end()
			return nil, err
		}
		started = append(started, cmd)
	}
	return end, nil
}

// withPage has brunt serve its live view.
func withPage(l *load) {
	port, _, err := freePorts()
	if err != nil {
		port = 18_080 // brunt says so if it is taken
	}
	l.page = fmt.Sprintf("127.0.0.1:%d", port)
	l.flags = append(l.flags, "--serve="+l.page)
}

// viewers follow the events of a live page until its end, as 20 browsers would.
func viewers(l *load) (func() string, error) {
	ctx, cancel := context.WithCancel(context.Background())
	var (
		all  sync.WaitGroup
		seen [20]atomic.Int64
	)
	for i := range seen {
		all.Go(func() {
			for ctx.Err() == nil && seen[i].Load() == 0 { // the page is there a moment after brunt's start
				view(ctx, "http://"+l.page+"/api/events", &seen[i])
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
	return func() string {
		cancel()
		all.Wait()
		for i := range seen {
			if n := seen[i].Load(); n < int64(l.seconds) {
				return fmt.Sprintf("a viewer saw %d events in %d s", n, l.seconds)
			}
		}
		return ""
	}, nil
}

// view counts the events of one stream.
func view(ctx context.Context, url string, seen *atomic.Int64) {
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return
	}
	reply, err := http.DefaultClient.Do(ask)
	if err != nil {
		return
	}
	defer reply.Body.Close()
	lines := bufio.NewScanner(reply.Body)
	lines.Buffer(nil, 16<<20) // an event is one line, with all of a report
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "event:") {
			seen.Add(1)
		}
	}
}
