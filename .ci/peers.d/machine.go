package main

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// machine is what figures were measured on.
type machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
	Nginx  string `json:"nginx"`
	When   string `json:"when"`
	Load   string `json:"load_average"` // before the first run: other work falsifies figures
}

func describeMachine() machine {
	info, _ := os.ReadFile("/proc/cpuinfo")
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	load, _ := os.ReadFile("/proc/loadavg")
	m := machine{
		Cores: strings.Count(string(info), "\nprocessor") + 1, Kernel: strings.TrimSpace(string(release)),
		Go: runtime.Version(), Nginx: firstMatch(said("nginx", "-v"), `nginx/(\S+)`),
		When: time.Now().UTC().Format(time.RFC3339), CPU: firstMatch(string(info), `(?m)^model name\s*: (.*)$`),
	}
	if fields := strings.Fields(string(load)); len(fields) > 0 {
		m.Load = fields[0]
	}
	return m
}

// find looks for each client's program, first in bin, and asks its version.
// Those that cannot be had keep the reason why.
func find(list []*client, bin string, reasons map[string]string) {
	for _, c := range list {
		path := filepath.Join(bin, c.program)
		if _, err := os.Stat(path); err != nil {
			if path, err = exec.LookPath(c.program); err != nil {
				c.missing = "not installed"
				if reason := reasons[c.program]; reason != "" {
					c.missing = reason
				}
				continue
			}
		}
		c.path = path
		if !strings.HasPrefix(c.name, "brunt-") { // the same program as brunt
			c.version = version(c.program, path)
		}
		if c.name == "vegeta" {
			vegetaPath = path
		}
	}
}

// vegetaPath also reads vegeta's results; bruntPlots tells whether this build
// of brunt has --plot.
var (
	vegetaPath string
	bruntPlots bool
)

func sawPlots(brunt string) {
	bruntPlots = strings.Contains(said(brunt, "attack", "--help"), "--plot")
}

func version(program, path string) string {
	switch program {
	case "wrk":
		return firstMatch(said(path, "-v"), `wrk (\S+)`)
	case "ab":
		return firstMatch(said(path, "-V"), `Version (\S+)`)
	case "locust":
		return firstMatch(said("dpkg-query", "-W", "-f", "locust ${Version}", "python3-locust"), `locust (\S+)`)
	case "/usr/bin/python3": // its part that is looked at is aiohttp
		return firstMatch(said("dpkg-query", "-W", "-f", "aiohttp ${Version}", "python3-aiohttp"), `aiohttp (\S+)`)
	case "curl":
		return firstMatch(said(path, "--version"), `curl (\S+)`)
	case "brunt":
		return "" // built from the tree as it stands: the script knows its commit
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	return info.Main.Version
}

// said is what a command prints, on either stream.
func said(argv ...string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	out, _ := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput()
	return string(out)
}

func firstMatch(text, pattern string) string {
	if m := regexp.MustCompile(pattern).FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return "unknown"
}

// choose picks by name from a comma-separated list; all when it is empty.
func choose[T any](list []T, names string, name func(T) string) ([]T, error) {
	if names == "" {
		return list, nil
	}
	var known []string
	for _, item := range list {
		known = append(known, name(item))
	}
	wanted := strings.Split(names, ",")
	for _, w := range wanted {
		if !slices.Contains(known, w) {
			return nil, fmt.Errorf("%q is none of %s", w, strings.Join(known, ", "))
		}
	}
	var picked []T
	for _, item := range list {
		if slices.Contains(wanted, name(item)) {
			picked = append(picked, item)
		}
	}
	return picked, nil
}
