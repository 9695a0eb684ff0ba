/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fence of virtio-mmio version 2 in plain memory, with one queue.
 * docs/theory/models.md says what is modelled, and what is left out.
 *
 * Whatever happens, in any order: an acknowledgement that the driver takes is
 * that of its open fence, and the device's answer is the answer to it. Once the
 * driver's reset is acknowledged the device obeys nothing of earlier fences,
 * and all words that it obeys are of one. Once nothing moves any more, the
 * driver is up, with its own queue.
 *
 * To see that it can fail, and what each rule is for:
 *
 * -DFROM_ONE      a driver that starts over counts its fences from 1
 * -DGO_ON         after a time-out it does not reset, but tries again
 * -DNO_RELEASE    FenceRequest is seen before the words that it is for
 * -DACK_FIRST     FenceAck is written before the answer
 * -DRECORD_LATE   what a fence led to is recorded after its acknowledgement
 * -DOBEY_UNKNOWN  a device with no record obeys a driver that it does not know
 */

#ifndef TROUBLE
#define TROUBLE 3 /* time-outs, restarts of either side */
#endif

#define START 253 /* of the numbers, which go round and leave 0 out */

mtype = { STATUS, QUEUE }; /* FenceWhat */

/* Status, and what the device shows of it */
#define NOTHING 0
#define FEATURES_OK 1
#define DRIVER_OK 2
#define NEEDS_RESET 4

/* The driver's words. */
byte status = NOTHING, body = START, request = START;
mtype what = STATUS;

/* The device's: FenceAck, DeviceStatus, QueueState. */
byte ack = START, shown_status = NOTHING, shown_queue;
bool shown_ready;

/* The driver: its number; that its reset was acknowledged; that it is up. */
byte number, queue;
bool sure, up;
bool kill_driver, late;

/*
 * The device: its memory, all of it recorded. The queue is known by the number
 * of the fence that set it up.
 */
byte seen = START, d_status, d_queue;
bool kill_device, forget;

#ifdef RECORD_LATE
byte r_seen = START, r_status, r_queue;
#define RECORD r_seen = seen; r_status = d_status; r_queue = d_queue
#define RECALL seen = r_seen; d_status = r_status; d_queue = r_queue
#else
#define RECORD skip
#define RECALL skip
#endif

/* v2_fence(): the words in any order, then the number. */
inline fence(status_word, what_word)
{
	d_step {
		number = number % 255 + 1;
		if
		:: number == ack -> number = number % 255 + 1
		:: else
		fi;
		words = 7
	};
#ifdef NO_RELEASE
	request = number;
#endif
	do
	:: words & 1 -> d_step { status = status_word; words = words - 1 }
	:: words & 2 -> d_step { body = number; words = words - 2 }
	:: words & 4 -> d_step { what = what_word; words = words - 4 }
	:: words == 0 -> break
	od;
	request = number;
	if
	:: atomic { ack == number -> ok = true }
	:: atomic { late -> late = false; ok = false }
	fi
}

/* After an error, and after a time-out, the driver resets. */
proctype driver()
{
	byte words;
	bool ok;

end:	do
	:: {
		skip;
reset:		atomic {
			sure = false; up = false;
#ifdef FROM_ONE
			number = 0
#else
			number = request
#endif
		}
		fence(NOTHING, STATUS);
		if
		:: !ok -> goto reset
		:: else
		fi;
		if
		:: atomic { shown_status == NOTHING -> sure = true }
		:: atomic { late -> late = false; goto reset }
		fi;

		fence(FEATURES_OK, STATUS);
		if
		:: !ok || shown_status != FEATURES_OK -> goto reset
		:: else
		fi;

#ifdef GO_ON
again:		fence(FEATURES_OK, QUEUE);
		if
		:: !ok -> goto again
		:: else
		fi;
#else
		fence(FEATURES_OK, QUEUE);
#endif
		if
		:: !ok -> goto reset
		:: else
		fi;
		/* The answer is to what was asked. */
		assert(shown_queue == number);
		atomic {
			if
			:: !shown_ready -> goto reset
			:: else ->
				assert(d_queue == number ||
				       d_status == NEEDS_RESET);
				queue = number
			fi
		};

		fence(DRIVER_OK, STATUS);
		if
		:: !ok || shown_status != DRIVER_OK -> goto reset
		:: else
		fi;
		up = true;
		/* It looks now and then, and at each doorbell. */
end_up:		atomic { shown_status != DRIVER_OK -> goto reset }
	   } unless {
		atomic { kill_driver ->
			kill_driver = false; late = false;
			words = 0; ok = false; number = 0; queue = 0;
			sure = false; up = false
		}
	   }
	od
}

/* v2_copy() */
inline copy()
{
	n = request;
	c_what = what;
	c_body = body;
	c_status = status;
}

/* v2_obey(), and the record of it */
inline obey()
{
	atomic {
		/* Of an earlier fence nothing, of this one all. */
		assert(!sure || c_body == number);
		assert(!sure || c_what == QUEUE || c_status != NOTHING);
		if
		:: c_what == STATUS && c_status == NOTHING ->
			d_status = NOTHING; d_queue = 0
		:: c_what == STATUS && d_status < c_status &&
		   d_status != NEEDS_RESET ->
			d_status = c_status
		:: c_what == QUEUE && d_status == FEATURES_OK && d_queue == 0 ->
			d_queue = c_body
		:: else
		fi;
		seen = n;
#ifndef RECORD_LATE
		RECORD
#endif
	}
}

/* v2_refresh() */
inline refresh()
{
	shown_queue = c_body;
	shown_ready = d_queue != 0;
	shown_status = d_status
}

/* v2_poll() */
inline poll()
{
	copy();
	obey();
#ifdef ACK_FIRST
	ack = seen;
	refresh();
#else
	refresh();
	ack = seen;
#endif
#ifdef RECORD_LATE
	atomic { RECORD };
#endif
	atomic { n = 0; c_what = STATUS; c_body = 0; c_status = 0 }
}

/* v2_attach(), and v2_show(), which v2_restore() leads to as well */
inline come()
{
	if
	:: atomic { forget ->
			forget = false;
			seen = ack;
			d_queue = 0;
#ifdef OBEY_UNKNOWN
			d_status = (status != NOTHING -> FEATURES_OK : NOTHING);
#else
			d_status = (status != NOTHING -> NEEDS_RESET : NOTHING);
#endif
			RECORD }
	:: else
	fi;
	c_body = body;
	refresh();
	ack = seen;
	atomic { coming = false; c_body = 0 }
}

proctype device()
{
	byte n, c_status, c_body;
	mtype c_what = STATUS;
	bool coming;

end:	do
	:: {
		if
		:: coming -> come()
		:: else
		fi;
end_idle:	do
		:: request != seen -> poll()
		od
	   } unless {
		atomic { kill_device ->
			kill_device = false;
			coming = true;
			n = 0; c_what = STATUS; c_body = 0; c_status = 0;
			RECALL;
			/* With what was recorded, or without. */
			if
			:: forget = true
			:: skip
			fi
		}
	   }
	od
}

/* Everything else that can happen, at some time, or not. */
proctype world()
{
	byte t = TROUBLE;

	do
	:: atomic { t > 0 && !late -> t--; late = true }
	:: atomic { t > 0 && !kill_driver -> t--; kill_driver = true }
	:: atomic { t > 0 && !kill_device -> t--; kill_device = true }
	:: break
	od
}

/* Nothing moves: the driver is where it wants to be. */
proctype rest()
{
	timeout;
	assert(up);
	assert(d_status == DRIVER_OK);
	assert(d_queue == queue)
}

init
{
	atomic {
		run driver();
		run device();
		run world();
		run rest()
	}
}
