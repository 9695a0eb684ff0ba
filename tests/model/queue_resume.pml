/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Part of queue.pml: a host that comes late, with its record or without, as in
 * lib/device/mmio_v1_resume.c.
 */

/* hvl_dev_v1_disown_() */
inline dev_disown()
{
#ifndef NO_MARKERS
	p = pfn;
	/* It may go over the words of a driver that has just started over. */
	atomic { busy = true; sel = MARKER; bare = true };
	atomic { num = false; bare = true };
	if
	:: p != ACKED -> atomic { CAS(pfn, p, NONE); bare = true }
	:: else
	fi;
	fsel = false;
#endif
	atomic {
		m.broken = true; live = false; refused = NONE;
		m.seen = s; m.last = NOBODY; m.left = NONE;
		m.page[0] = NONE; m.page[1] = NONE;
		m.pending = false; m.late = false;
		m.over = true; m.marked = true; m.watched = true;
		RECORD;
		busy = false
	}
}

/* What an earlier host showed; v1_forget() does it in any case. */
#ifdef STILL_NEEDS_RESET
#define HIDE_NEEDS_RESET skip
#else
#define HIDE_NEEDS_RESET needs_reset = false
#endif

/* hvl_dev_v1_attach_(), of a block that shows the device */
inline dev_attach()
{
	bare = true;
#ifdef RECORD_FIRST
	atomic { forget = false; RECORD };
#endif
	s = status;
	if
	:: s & DRIVER_OK ->
		/* v1_asks_anew() */
		dev_read_request();
#ifndef NO_DISOWN
		if
		:: p != NONE && l < NQ - 1 -> m.late = MAY_KNOW_QUEUES
		:: else -> dev_disown()
		fi
#endif
	:: s == 0 ->
#ifndef LATE_KNOWS
		m.left = (pfn == ACKED -> NONE : pfn);
#endif
		due = false
	:: else ->
		m.late = true;
#ifndef LATE_UNSEEN
		dev_take_status()
#endif
	fi;
	if
	:: !m.broken -> HIDE_NEEDS_RESET
	:: else
	fi;
	atomic { coming = false; forget = false; to_device = true; RECORD };
	FORGET_LOCALS
}

/* hvl_dev_resume(): the record is taken over when it dies */
inline dev_come()
{
	/* hvl_dev_v1_restore_() */
	if
	:: m.over && pfn == NONE ->
		if
		:: !num ->
			if
			:: sel == MARKER -> m.marked = true
			:: else
			fi
		:: else
		fi
	:: else
	fi;
	/* hvl_dev_v1_driver_gone_(): its queues are not looked at */
	s = status;
	if
	:: s != 0 -> dev_restarted()
	:: else -> yes = true
	fi;
	atomic {
		if
		:: yes || m.broken -> STOP(0); STOP(1)
		:: else
		fi;
		live = (m.seen & DRIVER_OK) && ANY_STARTED;
		yes = false
	}
	/* hvl_dev_v1_resume_(), v1_still_waits() */
	l = sel;
	i = (l < NQ -> l : (m.started[0] -> (m.started[1] -> NQ : 1) : 0));
	atomic {
		if
		:: m.pending && m.last != NOBODY && m.started[m.last] &&
		   i == m.last && !idx[m.last] && pfn == LAST_PAGE &&
#ifdef RESUME_BLINDLY
		   status == m.seen ->
#else
		   SAME_LIFE ->
#endif
			pfn = ACKED;
			told[i] = true
		:: else
		fi
	}
	m.pending = false;
	if
	:: !m.broken -> HIDE_NEEDS_RESET
	:: else
	fi;
	if
	:: m.seen == 0 -> CAS(pfn, ACKED, NONE)
	:: else
	fi;
	atomic { coming = false; to_device = true; RECORD };
	FORGET_LOCALS
}
