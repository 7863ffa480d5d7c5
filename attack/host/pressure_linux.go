package host

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// runDelay is how long the process's threads have been ready to run without a
// core to run on, all threads together: the scheduler's own account
// (Documentation/scheduler/sched-stats.rst, "/proc/<pid>/schedstat", field 2).
func runDelay() time.Duration {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return 0
	}
	var sum time.Duration
	for _, task := range tasks {
		text, err := os.ReadFile("/proc/self/task/" + task.Name() + "/schedstat")
		if err != nil {
			continue // the thread has ended meanwhile
		}
		if fields := bytes.Fields(text); len(fields) >= 2 {
			ns, _ := strconv.ParseInt(string(fields[1]), 10, 64)
			sum += time.Duration(ns)
		}
	}
	return sum
}

// quota is the tightest CPU limit among the process's control groups: how many
// cores' time it allows (0: no limit), and how long it has stopped the group.
func quota() (cores float64, throttled time.Duration) {
	for _, dir := range cpuGroups() {
		c, t := groupQuota(dir)
		if c > 0 && (cores == 0 || c < cores) {
			cores, throttled = c, t
		}
	}
	return cores, throttled
}

// cpuGroups are the directories of the process's own CPU control group and of
// those above it, in either version of the interface.
func cpuGroups() (dirs []string) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		roots := []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}
		switch {
		case strings.Contains(","+fields[1]+",", ",cpu,"):
			roots = []string{"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/" + fields[1]}
		case fields[1] != "":
			continue
		}
		for _, root := range roots {
			for path := filepath.Clean("/" + fields[2]); ; path = filepath.Dir(path) {
				dirs = append(dirs, filepath.Join(root, path))
				if path == "/" {
					break
				}
			}
		}
	}
	return dirs
}

// groupQuota reads one control group's limit (Documentation/admin-guide/
// cgroup-v2.rst, cpu.max and cpu.stat; scheduler/sched-bwc.rst for version 1).
func groupQuota(dir string) (cores float64, throttled time.Duration) {
	read := func(name string) []string {
		text, _ := os.ReadFile(filepath.Join(dir, name))
		return strings.Fields(string(text))
	}
	limit := read("cpu.max")
	if len(limit) == 0 {
		limit = append(read("cpu.cfs_quota_us"), read("cpu.cfs_period_us")...)
	}
	if len(limit) != 2 {
		return 0, 0
	}
	allowed, err := strconv.ParseFloat(limit[0], 64) // "max" or -1: none
	period, _ := strconv.ParseFloat(limit[1], 64)
	if err != nil || allowed <= 0 || period <= 0 {
		return 0, 0
	}
	return allowed / period, throttledTime(filepath.Join(dir, "cpu.stat"))
}

func throttledTime(path string) time.Duration {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		n, _ := strconv.ParseInt(value, 10, 64)
		switch name {
		case "throttled_time":
			return time.Duration(n)
		case "throttled_usec":
			return time.Duration(n) * time.Microsecond
		}
	}
	return 0
}
