package config

import (
	"strings"
	"testing"
)

// TestWords: a command line is written anew from what was understood, whichever
// way its flags were typed.
func TestWords(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"attack", "x", "-kH", "Authorization: Bearer canary"}, `brunt attack x -k -H 'Authorization: ***'`},
		{[]string{"attack", "x", "-kHAuthorization:canary", "-c5"}, `brunt attack x -k -H 'Authorization: ***' -c 5`},
		{[]string{"attack", "-kHX-Pwd:canary", "x", "-H=X-Pwd: canary"}, `brunt attack -k -H 'X-Pwd: ***' x -H '=X-Pwd: ***'`},
		{[]string{"attack", "x", "--header", "Ocp-Apim-Subscription-Key: canary", "--header=X: canary", "-HAccept:text/html"}, `brunt attack x --header 'Ocp-Apim-Subscription-Key: ***' '--header=X: ***' -H Accept:text/html`},
		{[]string{"attack", "x", "-H", "A: env:NAME", "-H", "B: @file", "--no-keepalive", "--rate=5", "--http2"}, `brunt attack x -H 'A: env:NAME' -H 'B: @file' --no-keepalive --rate=5 --http2`},
		{[]string{"attack", "https://h/?sig=canary&api-version=2024-05-01", "-p", "-", "-p", "b.jsonl:2", "--label", "a=b", "--label=c=-d"}, `brunt attack 'https://h/?sig=***&api-version=2024-05-01' -p - -p b.jsonl:2 --label a=b --label=c=-d`},
	} {
		_, ctx, err := parse(t, c.args...)
		if err != nil {
			t.Errorf("%q: %v", c.args, err)
			continue
		}
		if got := CommandLine(Words(ctx.Kong, ctx.Args)); got != c.want {
			t.Errorf("%q:\n%s\n%s", c.args, got, c.want)
		}
	}
	t.Setenv("BRUNT_HEADER", "A: canary")
	if _, ctx, err := parse(t, "attack", "x", "-c", "1"); err != nil || strings.Join(Words(ctx.Kong, ctx.Args), " ") != "attack x -c 1" {
		t.Errorf("%q, %v", Words(ctx.Kong, ctx.Args), err)
	}
}

// TestUsageErrorsShowNothing: what is wrong with a command line is said without
// what may be secret in it.
func TestUsageErrorsShowNothing(t *testing.T) {
	for _, args := range [][]string{
		{"user:canary@host/x"}, {"http://user:canary@host/x"}, {"http://h/?sig=canary", "-kHX-Pwd:canary"}, {"h/x?sig=canary"}, {"attack", "x", "-H", "Authorization:", "canary"},
		{"attack", "x", "-H", "Authorization: Bearer", "canary"}, {"attack", "x", "-kHAuthorization:", "canary"}, {"attack", "x", "y?token=canary"}, {"attack", "x", "Authorization: canary"},
		{"attack", "x", "--api-key=canary"}, {"--api-key=canary"}, {"help", "user:canary@h"}, {"http://h/?sig=canary", "--nonsense", "-H", "A: canary"}, {"attack", "x", "user:canary@h"},
	} {
		_, _, err := parse(t, args...)
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", args, err)
		}
	}
}
