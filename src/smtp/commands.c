/* The table of commands.  A rule about when a command may come stands here and
 * is enforced by dispatch.c; the commands only know what to do. */
#include "session.h"

#define ANY   (SMTP_GREETED | SMTP_READY | SMTP_MAIL | SMTP_RCPT | SMTP_BODY)
#define HELLO (SMTP_READY | SMTP_MAIL | SMTP_RCPT | SMTP_BODY)

/* RFC 5321 4.1.1 and 4.1.4; RFC 3207 4 says which come before TLS (HELO and RSET
 * change nothing, so they may too); RFC 3030 2: other commands may stand between
 * two BDATs, and a BDAT's bytes follow it even when it is refused. */
const struct smtp_command smtp_commands[] = {
	{ "EHLO",     ANY,                    SMTP_IN_CLEAR,                smtp_run_ehlo },
	{ "HELO",     ANY,                    SMTP_IN_CLEAR,                smtp_run_helo },
	{ "STARTTLS", ANY,                    SMTP_IN_CLEAR | SMTP_NO_ARGS, smtp_run_starttls },
	{ "MAIL",     SMTP_READY,             0,                            smtp_run_mail },
	{ "RCPT",     SMTP_MAIL | SMTP_RCPT,  0,                            smtp_run_rcpt },
	{ "DATA",     SMTP_RCPT,              SMTP_NO_ARGS,                 smtp_run_data },
	{ "BDAT",     SMTP_RCPT | SMTP_BODY,  SMTP_PAYLOAD,                 smtp_run_bdat },
	{ "RSET",     ANY,                    SMTP_IN_CLEAR | SMTP_NO_ARGS, smtp_run_rset },
	{ "VRFY",     HELLO | SMTP_GREETED,   0,                            smtp_run_vrfy },
	{ "HELP",     ANY,                    0,                            smtp_run_help },
	{ "NOOP",     ANY,                    SMTP_IN_CLEAR,                smtp_run_noop },
	{ "QUIT",     ANY,                    SMTP_IN_CLEAR | SMTP_NO_ARGS, smtp_run_quit },
	{ "EXPN",     ANY,                    SMTP_NOT_OFFERED,             NULL },
	{ "AUTH",     ANY,                    SMTP_NOT_OFFERED,             NULL },
	{ "ETRN",     ANY,                    SMTP_NOT_OFFERED,             NULL },
	{ "TURN",     ANY,                    SMTP_NOT_OFFERED,             NULL },
	{ .verb = NULL }
};
