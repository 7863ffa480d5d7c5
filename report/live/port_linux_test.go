package live

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"brunt/payloads/needs"
)

func init() { child = servePort80 }

// servePort80 serves on port 80, or says why it does not.
func servePort80() int {
	view, err := Open(Config{Flags: Flags{Serve: bareAddress}})
	if err != nil {
		fmt.Println(err)
		return 2
	}
	fmt.Println(view.URL())
	if view.Close() != nil {
		return 1
	}
	return 0
}

// Port 80 is for root; another user is told the two ways out. Both are tried in
// a network of the test's own, where the port is free and a port below 1024 is
// a privilege.
func TestPort80(t *testing.T) {
	if os.Getuid() != 0 {
		needs.Lacking(t, "root", "only root can be both users")
	}
	// Where another user may run it.
	dir := t.TempDir()
	binary := filepath.Join(dir, "brunt")
	if err := copyProgram(binary); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, user := range []struct {
		id   uint32
		want []string
	}{
		{0, []string{"http://", "/?token="}},
		{65534, []string{"--serve=:8080", "sudo setcap cap_net_bind_service=+ep " + binary}},
	} {
		cmd := exec.Command(binary)
		cmd.Env, cmd.Dir = append(os.Environ(), portVariable+"=1"), dir
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags: syscall.CLONE_NEWNET, Credential: &syscall.Credential{Uid: user.id, Gid: user.id},
		}
		out, err := cmd.CombinedOutput()
		if err != nil && cmd.ProcessState == nil {
			needs.Lacking(t, "netns", err)
		}
		said := strings.TrimSpace(string(out))
		if (user.id == 0) != (cmd.ProcessState.ExitCode() == 0) || strings.Contains(said, "\n") {
			t.Errorf("user %d: exit code %d: %s", user.id, cmd.ProcessState.ExitCode(), said)
		}
		for _, want := range user.want {
			if !strings.Contains(said, want) {
				t.Errorf("user %d is not told %q: %s", user.id, want, said)
			}
		}
	}
}

func copyProgram(to string) error {
	path, err := os.Executable()
	if err != nil {
		return err
	}
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	file, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(file, from)
	return err
}
