package live

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The browser that --open starts is given no token among its arguments, which
// everybody on the machine can read, but the way to it.
func TestOpenKeepsTheToken(t *testing.T) {
	for _, token := range []string{"", testToken} {
		dir := t.TempDir()
		said := filepath.Join(dir, "said")
		must(os.WriteFile(filepath.Join(dir, "xdg-open"), []byte("#!/bin/sh\nprintf %s \"$*\" >"+said+".new && mv "+said+".new "+said+"\n"), 0o700))
		t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
		t.Setenv("TMPDIR", dir)
		v, err := Open(Config{Flags: Flags{Serve: "127.0.0.1:0", ServeToken: token, Open: true}})
		if err != nil {
			t.Fatal(err)
		}
		var told string
		until(t, "a browser", func() bool {
			text, err := os.ReadFile(said)
			told = string(text)
			return err == nil
		})
		if token == "" {
			if told != v.URL() {
				t.Errorf("the browser is told %q", told)
			}
		} else {
			path := strings.TrimPrefix(told, "file://")
			info, err := os.Stat(path)
			text, _ := os.ReadFile(path)
			if strings.Contains(told, token) || err != nil || info.Mode().Perm() != 0o600 || !strings.Contains(string(text), `url=`+v.URL()+`"`) {
				t.Errorf("the browser is told %q: %v, %q", told, err, text)
			}
		}
		must(v.Close())
		if left, _ := filepath.Glob(filepath.Join(dir, "*.html")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}
