package endpoint

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

// hole listens and never answers: its queue is full, and Linux then drops what
// else comes.
func hole(t *testing.T, ip, port string) {
	t.Helper()
	a, err := net.ResolveTCPAddr("tcp", net.JoinHostPort(ip, port))
	if err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := os.NewSyscallError("bind", syscall.Bind(fd, &syscall.SockaddrInet4{Port: a.Port, Addr: [4]byte(a.IP.To4())})); err != nil {
		t.Fatal(err)
	}
	if err := os.NewSyscallError("listen", syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", a.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
}

// town is a name with several addresses, and counts the connections begun to
// each.
type town struct {
	*Dialer
	t    *testing.T
	port string
	mu   sync.Mutex
	seen map[string]int
	wait time.Duration // for a connection
}

// newTown gives the name the addresses 127.0.0.1 to 127.0.0.n. Somebody listens
// at the first live of them.
func newTown(t *testing.T, n, live int) *town {
	t.Helper()
	w := &town{t: t, port: "0", seen: map[string]int{}, wait: time.Minute}
	var o Options
	for i := 1; i <= n; i++ {
		ip := fmt.Sprint("127.0.0.", i)
		o.Resolve = append(o.Resolve, "several.test:"+ip)
		if i <= live {
			w.listen(ip)
		}
	}
	target, err := Parse("http://several.test:" + w.port)
	if err != nil {
		t.Fatal(err)
	}
	if w.Dialer, err = NewDialer(target, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	w.dialer.Control = func(_, address string, _ syscall.RawConn) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		host, _, _ := net.SplitHostPort(address)
		w.seen[host]++
		return nil
	}
	if err := w.Resolve(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *town) listen(ip string) {
	w.t.Helper()
	l, err := net.Listen("tcp", ip+":"+w.port)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { l.Close() })
	_, w.port, _ = net.SplitHostPort(l.Addr().String())
}

func (w *town) begun(ip string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen[ip]
}

// visit opens n connections, one after the other.
func (w *town) visit(n int) {
	w.t.Helper()
	for range n {
		ctx, cancel := context.WithTimeout(context.Background(), w.wait)
		c, err := w.Dial(ctx)
		cancel()
		if err != nil {
			w.t.Fatal(err)
		}
		c.Conn.Close()
	}
}

// awaitTrue looks until it is so.
func (w *town) awaitTrue(what string, so func() bool) {
	w.t.Helper()
	await(w.t, what, so)
}

// TestHole has one of three addresses answer nothing: whoever tries it first
// is not followed by others once it is in doubt, all who wait are sent on when
// the first gives up, and it is tried no more.
func TestHole(t *testing.T) {
	w := newTown(t, 3, 2)
	hole(t, "127.0.0.3", w.port)
	third := w.addresses[2]
	w.next.Store(2)
	var group sync.WaitGroup
	group.Go(func() { w.visit(1) })
	w.awaitTrue("doubt", func() bool { return third.suspect(time.Now()) || third.dead.Load() != 0 })
	w.visit(30)
	group.Wait()
	if n := w.begun("127.0.0.3"); n != 1 {
		t.Errorf("%d connections begun to the hole", n)
	}
	if a, b := w.begun("127.0.0.1"), w.begun("127.0.0.2"); a+b != 31 || a < 14 || b < 14 {
		t.Errorf("%d and %d to the others", a, b)
	}
	if dead := w.Dead(); len(dead) != 1 || dead[0] != "127.0.0.3:"+w.port {
		t.Errorf("dead: %v", dead)
	}
	// When it is due for another try, no request makes that.
	third.dead.Store(1)
	w.visit(10)
	w.awaitTrue("a try in the background", func() bool { return w.begun("127.0.0.3") == 2 })
	w.visit(10)
	if n := w.begun("127.0.0.3"); n != 2 {
		t.Errorf("%d connections begun to the hole, of which 2 should be", n)
	}
}

// TestBack has a dead address come back.
func TestBack(t *testing.T) {
	w := newTown(t, 3, 2)
	w.visit(9)
	if n := w.begun("127.0.0.3"); n != 1 || len(w.Dead()) != 1 {
		t.Errorf("%d connections begun, dead: %v", n, w.Dead())
	}
	w.listen("127.0.0.3")
	third := w.addresses[2]
	third.dead.Store(1) // its time has come
	w.awaitTrue("it is back", func() bool { w.visit(1); return third.dead.Load() == 0 })
	before := w.begun("127.0.0.3")
	w.visit(9)
	if n := w.begun("127.0.0.3") - before; n != 3 {
		t.Errorf("%d of 9 connections begun to who is back", n)
	}
}

// TestAllDead has every address be dead, and one of them come back: requests
// find it by themselves, a dead one does not keep them from it.
func TestAllDead(t *testing.T) {
	w := newTown(t, 3, 1)
	hole(t, "127.0.0.2", w.port)
	for _, a := range w.addresses {
		a.dead.Store(time.Now().Add(time.Hour).UnixNano())
	}
	w.next.Store(1)
	w.wait = 3 * time.Second
	w.visit(6)
	if n := w.begun("127.0.0.2"); n != 1 {
		t.Errorf("%d connections begun to the hole", n)
	}
	if dead := w.Dead(); len(dead) != 2 {
		t.Errorf("dead: %v", dead)
	}
}

// TestGivenUp has attempts at one address end by what another found.
func TestGivenUp(t *testing.T) {
	a := &Address{}
	_, first := a.begin(t.Context(), time.Minute, true)
	second, t2 := a.begin(t.Context(), time.Minute, true)
	last, t3 := a.begin(t.Context(), time.Minute, false)
	first.began = first.began.Add(-time.Minute)
	if !a.end(first, context.DeadlineExceeded) || second.Err() == nil || last.Err() != nil {
		t.Errorf("after a time-out: %v, %v", second.Err(), last.Err())
	}
	if a.end(t2, context.Canceled) || a.end(t3, nil) || len(a.attempts) != 0 {
		t.Errorf("%d attempts left", len(a.attempts))
	}
	// One that others were answered beside was only lost.
	_, first = a.begin(t.Context(), time.Minute, true)
	_, t2 = a.begin(t.Context(), time.Minute, true)
	first.began = first.began.Add(-time.Minute)
	if a.end(t2, nil); a.end(first, context.DeadlineExceeded) {
		t.Error("an address that answers is found dead")
	}
}
