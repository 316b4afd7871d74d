# usage: awk -f tests/lengths.awk $(git ls-files '*.[ch]')
#
# One line for each function over 100 lines (between its braces, which stand in
# the first column), each file over 600, and each call, in src and include, of a
# function that this program does without.
BEGIN {
	MOST_FUNCTION = 100
	MOST_FILE = 600
	instead["strcpy"] = instead["strncpy"] = instead["strcat"] = "struct buf or memcpy"
	instead["sprintf"] = instead["vsprintf"] = "buf_printf or snprintf"
	instead["strtok"] = "text_next"
	instead["gmtime"] = "gmtime_r"
	instead["localtime"] = "localtime_r"
	instead["atoi"] = "text_number"
	instead["gets"] = "nothing at all"
	instead["alloca"] = "struct arena"
}
FNR == 1 {
	end_of_file()
	file = FILENAME; name = ""; open = 0; in_comment = 0
	ours = file ~ /(^|\/)(src|include)\//
}
{
	last = FNR
	code = without_comments($0)
}
/^[A-Za-z_].*\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
/^\{/ { open = FNR }
/^\}/ && open {
	if (FNR - open - 1 > MOST_FUNCTION)
		bad(open, name " has " (FNR - open - 1) " lines, more than " MOST_FUNCTION)
	open = 0
}
ours && code ~ /\(/ {
	for (f in instead)
		if (code ~ ("(^|[^A-Za-z0-9_])" f "[ \t]*\\("))
			bad(FNR, f " is not used here: " instead[f])
}
# What is left of a line of C, with strings and characters emptied.
function without_comments(s,   left) {
	left = ""
	while (s != "") {
		if (in_comment) {
			if (!(i = index(s, "*/"))) return left
			s = substr(s, i + 2); in_comment = 0
		} else if (match(s, /"|'|\/\*|\/\//)) {
			mark = substr(s, RSTART, RLENGTH)
			left = left substr(s, 1, RSTART - 1) " "
			s = substr(s, RSTART + RLENGTH)
			if (mark == "//") return left
			if (mark == "/*") { in_comment = 1; continue }
			while (s != "" && substr(s, 1, 1) != mark)
				s = substr(s, substr(s, 1, 1) == "\\" ? 3 : 2)
			s = substr(s, 2)
		} else
			return left s
	}
	return left
}
function end_of_file() {
	if (last > MOST_FILE) bad(last, "the file has " last " lines, more than " MOST_FILE)
	last = 0
}
function bad(line, why) { printf "%s:%d: %s\n", file, line, why; failed = 1 }
END { end_of_file(); exit failed }
