// Command oracle is the server that tests hold brunt's counts against. It
// keeps a log of its own of every request that arrived, in a mapped file that
// outlives it even when it is killed, and can be started again on the same
// port and log. On SIGTERM it prints what arrived as one JSON object.
//
// Requests carry their index in the body, at both ends, which also shows that
// bodies arrive whole: {"i":17,…,"end":17}. Faults are drawn from the index, so
// that equal runs meet equal faults.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// server is what all connections share.
type server struct {
	log       *arrivals
	faults    faults
	work      time.Duration // computed, on a core, before a request is taken up
	delay     time.Duration // before every reply
	slow      time.Duration // before a slow one
	keepAlive time.Duration // idle connections are closed after this long; 0 never
	last      int           // replies after which a connection is closed unannounced; 0 none
	small     bool          // replies have no body (HEAD)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func run() error {
	s := &server{}
	listen := flag.String("listen", "127.0.0.1:0", "address, or the path of a Unix socket")
	file := flag.String("log", "", "file of the log, continued if it is there")
	room := flag.Int("room", 1<<20, "most requests that the log holds")
	expect := flag.Uint64("expect", 0, "number of indices that should arrive: missing ones are listed")
	share := flag.String("faults", "", "shares of faults, such as reset=0.01,slow=0.02")
	flag.DurationVar(&s.work, "work", 0, "time spent computing before a request is taken up")
	flag.DurationVar(&s.delay, "delay", 0, "time before every reply")
	flag.DurationVar(&s.slow, "slow", 50*time.Millisecond, "time before a slow reply")
	flag.DurationVar(&s.keepAlive, "keepalive", 0, "time after which an idle connection is closed")
	flag.IntVar(&s.last, "last", 0, "replies after which a connection is closed unannounced")
	flag.BoolVar(&s.small, "bodiless", false, "replies have no body, as those to HEAD")
	cores := flag.Int("cores", 0, "cores to use; 0 all")
	flag.Parse()
	runtime.GOMAXPROCS(*cores)
	var err error
	if s.faults, err = parseFaults(*share); err != nil {
		return err
	}
	if s.log, err = openLog(*file, *room); err != nil {
		return err
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	network := "tcp"
	if strings.HasPrefix(*listen, "/") {
		network = "unix"
	}
	l, err := net.Listen(network, *listen)
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	go s.accept(l)
	go func() {
		// Nobody is left to ask: the test that held the other end is gone.
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	<-ended
	return json.NewEncoder(os.Stdout).Encode(s.log.summary(*expect))
}

func (s *server) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			time.Sleep(time.Millisecond) // no files left: some will be
			continue
		}
		go s.serve(c.(stream))
	}
}
