package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"text/template"
	"time"
)

//go:embed nginx.conf
var nginxConf string

// nginx is the server that every client loads.
type nginx struct {
	Dir, User  string
	Plain, TLS int    // ports
	Files      uint64 // that the worker may have open, connections included
	looks      uint64 // at its counts, each of one connection and one request
	cmd        *exec.Cmd
	done       chan error
}

// startNginx runs one worker on this program's core, with all its files in dir.
func startNginx(dir string) (*nginx, error) {
	n := &nginx{Dir: dir, done: make(chan error, 1)}
	if os.Getuid() == 0 { // else the worker could not read dir
		n.User = "user root;"
	}
	if err := n.files(); err != nil {
		return nil, err
	}
	n.cmd = exec.Command(
		"nginx",
		"-p",
		dir,
		"-e",
		filepath.Join(dir, "error.log"),
		"-c",
		filepath.Join(dir, "nginx.conf"),
	)
	// On SIGTERM the master ends its worker; on SIGKILL it could not.
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	n.cmd.Stderr = os.Stderr
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { n.done <- n.cmd.Wait() }()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if _, err := n.count(context.Background()); err == nil {
			return n, nil
		}
	}
	n.stop()
	log, _ := os.ReadFile(filepath.Join(dir, "error.log"))
	return nil, fmt.Errorf("nginx does not answer: %s", lastLine(string(log)))
}

// files writes configuration, certificate and the large reply.
func (n *nginx) files() error {
	var err error
	if n.Plain, n.TLS, err = freePorts(); err != nil {
		return err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	n.Files = min(limit.Cur, 65_536)
	var conf strings.Builder
	if err := template.Must(template.New("nginx.conf").Parse(nginxConf)).Execute(&conf, n); err != nil {
		return err
	}
	reply := func(bytes int) []byte {
		text := append([]byte(`{"predictions":["`), payload(bytes-20)...)
		return append(text, `"]}`...)
	}
	return errors.Join(
		os.WriteFile(filepath.Join(n.Dir, "nginx.conf"), []byte(conf.String()), 0o600),
		os.WriteFile(filepath.Join(n.Dir, "megabyte.json"), reply(1<<20), 0o644),
		os.WriteFile(filepath.Join(n.Dir, "kilobytes.json"), reply(4<<10), 0o644),
		writeCertificate(filepath.Join(n.Dir, "certificate.pem"), filepath.Join(n.Dir, "key.pem")))
}

// stop ends master and worker; one that will not is killed.
func (n *nginx) stop() {
	_ = syscall.Kill(-n.cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-n.done:
	case <-time.After(3 * time.Second):
		_ = syscall.Kill(-n.cmd.Process.Pid, syscall.SIGKILL)
		<-n.done
	}
}

// url is where a row's requests go.
func (n *nginx) url(path string, tls bool) string {
	if tls {
		return fmt.Sprintf("https://127.0.0.1:%d%s", n.TLS, path)
	}
	return fmt.Sprintf("http://127.0.0.1:%d%s", n.Plain, path)
}

// count asks nginx for its counts.
func (n *nginx) count(ctx context.Context) (counts, error) {
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, n.url("/status", false), nil)
	if err != nil {
		return counts{}, err
	}
	ask.Close = true
	reply, err := http.DefaultClient.Do(ask)
	if err != nil {
		return counts{}, err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		return counts{}, err
	}
	var accepts, handled, requests uint64
	_, table, _ := strings.Cut(string(body), "requests")
	if _, err := fmt.Sscan(table, &accepts, &handled, &requests); err != nil {
		return counts{}, fmt.Errorf("stub_status: %w in %q", err, body)
	}
	n.looks++
	return counts{connections: accepts - n.looks, requests: requests - n.looks, cpu: workerCPU(n.cmd.Process.Pid)}, nil
}

// workerCPU is what the children of a master have used so far; 0 where the
// kernel does not say who they are.
func workerCPU(master int) time.Duration {
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", master, master))
	var used time.Duration
	for _, pid := range strings.Fields(string(children)) {
		stat, _ := os.ReadFile("/proc/" + pid + "/stat")
		used += statCPU(string(stat))
	}
	return used
}

// statCPU is user and system time of a /proc stat, which counts in hundredths of
// a second. The name before them may hold anything but ends with the last ).
func statCPU(stat string) time.Duration {
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:])
	if len(fields) < 13 {
		return 0
	}
	return time.Duration(number([]byte(fields[11]))+number([]byte(fields[12]))) * 10 * time.Millisecond
}

// freePorts finds two that nobody listens on.
func freePorts() (int, int, error) {
	a, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, 0, err
	}
	defer a.Close()
	b, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, 0, err
	}
	defer b.Close()
	return a.Addr().(*net.TCPAddr).Port, b.Addr().(*net.TCPAddr).Port, nil
}

// writeCertificate makes a key and a certificate that it signs itself.
func writeCertificate(certificate, key string) error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	signed, err := x509.CreateCertificate(rand.Reader, about, about, &private.PublicKey, private)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret}), 0o600))
}

// payload is text of so many bytes that needs no escape within JSON.
func payload(bytes int) []byte {
	text := make([]byte, bytes)
	for i := range text {
		text[i] = "0123456789abcdef"[(i*7+i/16)%16]
	}
	return text
}
