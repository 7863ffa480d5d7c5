package host

import "runtime"

// Limits are what this machine has for a load.
type Limits struct {
	Cores int
	Quota float64 // cores' time that a control group allows; 0 where there is no limit
	Files uint64  // that the process may open; 0 where there is no limit
	Ports int     // local ones for connections to one address; 0 where that is not known
}

// ReadLimits looks up what this machine has for a load.
func ReadLimits() Limits {
	allowed, _ := quota()
	return Limits{Cores: runtime.GOMAXPROCS(0), Quota: allowed, Files: MaxFiles(), Ports: localPorts()}
}
