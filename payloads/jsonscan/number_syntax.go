package jsonscan

// Arrays of numbers are what models eat. Their digits are hard to predict for
// a processor, so branches would cost more than the work; hence this automaton
// without branches, two to four times as fast. Its states are bit offsets into
// a step, which holds the six bits of the next state for each state; so one
// shift by the state gives the next one.
const (
	stopped   = 6 * iota // the character does not belong to a list of numbers
	wantValue            // at the start, or behind a comma
	inMinus
	inZero // behind a leading 0, which no digit may follow
	inInteger
	inPoint
	inFraction
	inExponent
	inSign
	inPower
)

// numberSteps holds the step of each character.
var numberSteps = func() (steps [256]uint64) {
	const digits = "0123456789"
	allow := func(to uint64, characters string, from ...int) {
		for _, c := range []byte(characters) {
			for _, f := range from {
				steps[c] |= to << f
			}
		}
	}
	allow(wantValue, " \t\r\n", wantValue)
	allow(wantValue, ",", inZero, inInteger, inFraction, inPower)
	allow(inMinus, "-", wantValue)
	allow(inZero, "0", wantValue, inMinus)
	allow(inInteger, digits[1:], wantValue, inMinus)
	allow(inInteger, digits, inInteger)
	allow(inPoint, ".", inZero, inInteger)
	allow(inFraction, digits, inPoint, inFraction)
	allow(inExponent, "eE", inZero, inInteger, inFraction)
	allow(inSign, "+-", inExponent)
	allow(inPower, digits, inExponent, inSign, inPower)
	return steps
}()

// skipNumbers returns where a list of numbers that begins at i ends, and in
// which state: wantValue where another kind of value, or nothing, stands.
func skipNumbers(b []byte, i int) (end int, state uint64) {
	state = wantValue
	for uint(i) < uint(len(b)) {
		next := numberSteps[b[i]] >> (state & 63) & 63
		if next == stopped {
			break
		}
		state = next
		i++
	}
	return i, state
}

// numberEnds tells if a number may end in that state.
func numberEnds(state uint64) bool {
	const ends uint64 = 1<<inZero | 1<<inInteger | 1<<inFraction | 1<<inPower
	return ends>>state&1 != 0
}
