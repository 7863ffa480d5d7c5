package host

import (
	"fmt"
	"os"
)

// localPorts is the size of the range that the system takes local ports from
// (Documentation/networking/ip-sysctl.rst).
func localPorts() int {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return 0
	}
	var low, high int
	if _, err := fmt.Sscan(string(text), &low, &high); err != nil || high < low {
		return 0
	}
	return high - low + 1
}
