package job

import (
	"context"
	"strings"
	"testing"
	"time"

	"brunt/attack"
	"brunt/attack/endpoint"
	"brunt/payloads"
)

// TestExposed: a credential that leaves this machine over plain HTTP is told, by
// its name alone.
func TestExposed(t *testing.T) {
	set, err := payloads.SingleSpliced("", nil, payloads.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	s := &Source{set: set}
	token := []payloads.Header{{Name: "Authorization", Value: "Bearer canary"}}
	for _, c := range []struct {
		target  string
		headers []payloads.Header
		want    string
	}{
		{"http://192.0.2.1/x", token, "Authorization goes to 192.0.2.1 over plain HTTP"},
		{"http://192.0.2.1:8080/x?sig=canary&v=1", nil, "sig goes to 192.0.2.1:8080 over plain HTTP"},
		{"http://[2001:db8::1]/x", []payloads.Header{{Name: "X-Api-Key", Value: "canary"}}, "X-Api-Key goes to [2001:db8::1] over"},
		{"http://192.0.2.1/x", []payloads.Header{{Name: "X-Env", Value: "blue"}, {Name: "Accept", Value: "text/html"}}, ""},
		{"http://127.0.0.1/x", token, ""}, {"http://[::1]/x", token, ""}, {"https://192.0.2.1/x", token, ""}, {"mock://", token, ""},
	} {
		e, err := endpoint.Open(context.Background(), c.target, endpoint.Options{NoAuth: true}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		got := s.exposed(e, &attack.Request{Headers: c.headers})
		if e.Close(); c.want == "" && got != "" || !strings.Contains(got, c.want) || strings.Contains(got, "canary") {
			t.Errorf("%s: %s", c.target, got)
		}
	}
}
