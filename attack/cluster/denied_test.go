//go:build !windows

package cluster

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// documented are the permissions of a worker's user that brunt help machines shows.
func documented(t *testing.T) *server.Permissions {
	t.Helper()
	help, err := os.ReadFile("../../report/help/machines.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?ms)^permissions: \{.*?^\}`).Find(help)
	path := filepath.Join(t.TempDir(), "nats.conf")
	text := "authorization { users = [ {user: worker, password: w,\n" + string(block) + "} ] }\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := server.ProcessConfigFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return o.Users[0].Permissions
}

// TestLackingPermission takes one permission after the other away from a worker: before
// there is any load, either side says which one it is.
func TestLackingPermission(t *testing.T) {
	t.Parallel()
	all := documented(t)
	path := lines(t, 10)
	for _, subject := range append(slices.Clone(all.Publish.Allow), all.Subscribe.Allow...) {
		if subject == "$O.>" || subject == "brunt.*.credentials" || subject == "$JS.API.CONSUMER.DELETE.>" || subject == "$JS.FC.>" {
			continue // for records, for secrets that are handed out, for tidiness, and for large files
		}
		t.Run(subject, func(t *testing.T) {
			t.Parallel()
			without := func(list []string) []string {
				return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == subject })
			}
			may := *all
			may.Publish = &server.SubjectPermission{Allow: append(without(all.Publish.Allow), "none")}
			may.Subscribe = &server.SubjectPermission{Allow: append(without(all.Subscribe.Allow), "none")}
			s := plainServer(t, &server.Options{Users: []*server.User{
				{Username: "coordinator", Password: "canary"}, {Username: "worker", Password: "canary", Permissions: &may},
			}})
			if !s.ReadyForConnections(10 * time.Second) {
				t.Fatal("no server")
			}
			access := func(user string) Access {
				return Access{URL: strings.Replace(s.ClientURL(), "://", "://"+user+":canary@", 1)}
			}
			c, err := Open(Options{Access: access("coordinator"), Session: NewSession(), Workers: 1, Version: "test", Tell: func(string) {}})
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
			defer stop()
			said := make(chan error, 2)
			worker := make(chan struct{})
			go func() {
				defer close(worker)
				if err := Work(ctx, WorkerOptions{
					Access: access("worker"), Version: "test", Once: true, Cache: t.TempDir(), Tell: func(string) {},
					Prepare: func(context.Context, []byte, map[string]string, Ask, func(string)) (*Prepared, error) {
						return &Prepared{Close: func() {}}, nil
					},
				}); err != nil {
					said <- err
				}
			}()
			prepared := make(chan struct{})
			go func() {
				defer close(prepared)
				said <- c.Prepare(ctx, []byte("{}"), []string{path}, func(string) {})
			}()
			first := <-said
			stop()
			<-worker
			<-prepared
			c.Close()
			wild := strings.TrimSuffix(strings.TrimSuffix(subject, ">"), ".*.enter")
			wild, _, _ = strings.Cut(wild, "*")
			if first == nil || !strings.Contains(first.Error(), "the NATS server does not let this user") || !strings.Contains(first.Error(), wild) || strings.Contains(first.Error(), "canary") {
				t.Errorf("without %s: %v", subject, first)
			}
		})
	}
}
