package check

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	accountID  = regexp.MustCompile(`^\d{12}$`)
	regionName = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-\d+$`)
)

// validRegion refuses a region that cannot be one.
func validRegion(args map[string]string) error {
	if r := args["region"]; r != "" && !regionName.MatchString(r) {
		return fmt.Errorf("region: %s is not one such as eu-west-1", quote(r))
	}
	return nil
}

// validNames refuses an argument as in awsNamesArg that names nothing, and what
// validRegion refuses.
func validNames(args map[string]string, arg string) error {
	if len(list(args[arg])) == 0 {
		return fmt.Errorf("%s: none is given", arg)
	}
	return validRegion(args)
}

// truth reads an argument that is "true", or "false" and its absence.
func truth(args map[string]string, arg string) (bool, error) {
	switch args[arg] {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	}
	return false, fmt.Errorf("%s: %s is neither true nor false", arg, quote(args[arg]))
}

// faults are what is wrong with arguments, all of it at once.
type faults []string

func (f *faults) note(err error) {
	if err != nil {
		*f = append(*f, err.Error())
	}
}

// err is one error for all, on one line, or nil.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return errors.New(strings.Join(f, "; "))
}

// A between is a number that is expected, or the range that it lies in.
type between struct{ least, most int }

// numberRange reads an argument such as "3" or "5-7".
func numberRange(name, arg string) (between, error) {
	low, high, isRange := strings.Cut(arg, "-")
	if !isRange {
		high = low
	}
	least, err1 := strconv.ParseUint(strings.TrimSpace(low), 10, 31)
	most, err2 := strconv.ParseUint(strings.TrimSpace(high), 10, 31)
	if err1 != nil || err2 != nil || least > most {
		return between{}, fmt.Errorf("%s: %s is neither a number such as 3 nor a range such as 5-7", name, quote(arg))
	}
	return between{int(least), int(most)}, nil
}

func (b between) holds(n int) bool { return b.least <= n && n <= b.most }

func (b between) String() string {
	if b.least == b.most {
		return strconv.Itoa(b.least)
	}
	return fmt.Sprintf("%d to %d", b.least, b.most)
}

// anyNumber is more than there can be of anything.
const anyNumber = 1<<31 - 1

// wantedCount reads the argument count; without one any number is right. No
// count of nothing can be meant: that what is named exists is the claim.
func wantedCount(args map[string]string) (between, error) {
	if args["count"] == "" {
		return between{1, anyNumber}, nil
	}
	want, err := numberRange("count", args["count"])
	if err == nil && want.least == 0 {
		err = fmt.Errorf("count: %s allows that there are none", quote(args["count"]))
	}
	return want, err
}

// age reads an argument such as "24h" or "7d", days of 24 hours; without one it
// is zero.
func age(name, arg string) (time.Duration, error) {
	if arg == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(arg)
	if days, isDays := strings.CutSuffix(arg, "d"); isDays {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16)
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%s: %s is not a time such as 24h or 7d", name, quote(arg))
	}
	return d, nil
}
