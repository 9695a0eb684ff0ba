/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts of version 1: what is shown, what is rung for, and what an
 * acknowledgement does, whichever interrupt it is of.
 */
#include "mock_v1.h"

static void mmio_v1_ack_takes_only_the_config_bit(void **state)
{
	(void)state;
	mock_bring_up(&d);
	send_frame();
	hvl_dev_net_set_link(&d.dev, false);
	assert_true(mock_service(&d));
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_STATUS), 3);
	mock_set(&d, HVL_MMIO_REG_INTERRUPT_ACK, 1);
	mock_service(&d);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_STATUS), 3);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_ACK), 0);
	/* The frame came after the config: that was rung for, too. */
	assert_int_equal(mock_isr(&d), 3);
	assert_false(mock_service(&d));
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_STATUS), 1);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_ACK), 0);
}

static void mmio_v1_ack_keeps_newer_config_bit(void **state)
{
	(void)state;
	mock_bring_up(&d);
	hvl_dev_net_set_link(&d.dev, false);
	assert_true(mock_service(&d));
	mock_isr(&d);
	mock_service(&d);
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_STATUS), 0);
	hvl_dev_net_set_link(&d.dev, true);
	assert_true(mock_service(&d));
	/* Its look at the config may have come before this. */
	hvl_dev_net_set_link(&d.dev, false);
	assert_false(mock_service(&d));
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_CONFIG_GENERATION), 3);
	assert_int_equal(mock_isr(&d), 2);
	assert_true(mock_service(&d));
	assert_int_equal(mock_isr(&d), 2);
	assert_false(mock_service(&d));
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_STATUS), 0);
}

/* Two looks of the handler at one interrupt, the second one taken late. */
static void mmio_v1_second_ack_hides_no_news(void **state)
{
	(void)state;
	mock_bring_up(&r);
	r.rings = 0;
	assert_true(round_trip(&r));
	assert_int_equal(mock_isr(&r), 1);
	assert_false(mock_service(&r));
	assert_true(round_trip(&r));
	/* Not of this interrupt, whose handler did not run yet. */
	mock_set(&r, HVL_MMIO_REG_INTERRUPT_ACK, 1);
	assert_false(mock_service(&r));
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_INTERRUPT_STATUS), 1);
	/* And what comes now is rung for. */
	assert_true(round_trip(&r));
	assert_int_equal(r.rings, 3);
}

static void mmio_v1_late_news_rings_once(void **state)
{
	(void)state;
	mock_bring_up(&r);
	assert_true(round_trip(&r));
	r.rings = 0;
	/* More comes before the driver's handler has acknowledged. */
	assert_true(round_trip(&r));
	assert_true(round_trip(&r));
	assert_int_equal(r.rings, 0);
	assert_int_equal(mock_isr(&r), 1);
	assert_true(mock_service(&r));
	assert_false(mock_service(&r));
	assert_int_equal(mock_isr(&r), 1);
	assert_false(mock_service(&r));
	assert_int_equal(r.rings, 1);
}

static void mmio_v1_ack_of_any_bit_ends_the_wait(void **state)
{
	(void)state;
	mock_bring_up(&r);
	assert_true(round_trip(&r));
	assert_true(round_trip(&r));
	mock_set(&r, HVL_MMIO_REG_INTERRUPT_ACK, 0x80000000);
	assert_true(mock_service(&r));
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_INTERRUPT_STATUS), 1);
}

static void mmio_v1_ack_without_news_is_not_answered(void **state)
{
	unsigned int i;

	(void)state;
	mock_bring_up(&r);
	assert_true(round_trip(&r));
	for (i = 0; i < 5; i++) {
		assert_int_equal(mock_isr(&r), 1);
		assert_false(mock_service(&r));
		assert_int_equal(mock_reg(&r, HVL_MMIO_REG_INTERRUPT_ACK), 0);
	}
}

/* The older driver writes what it read, 0 too, and rings only if it is not. */
static void mmio_v1_ack_of_nothing_is_none(void **state)
{
	(void)state;
	mock_bring_up(&r);
	assert_int_equal(mock_isr(&r), 0);
	assert_true(round_trip(&r));
	mock_set(&r, HVL_MMIO_REG_INTERRUPT_ACK, 0);
	r.rings = 0;
	assert_true(round_trip(&r));
	assert_int_equal(r.rings, 0);
}

static void mmio_v1_restart_clears_interrupts(void **state)
{
	(void)state;
	mock_bring_up(&r);
	assert_true(round_trip(&r));
	assert_true(round_trip(&r));
	mock_reset(&r);
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_INTERRUPT_STATUS), 0);
	r.now_us += 1000000;
	assert_false(mock_service(&r));
	mock_bring_up(&r);
	/* Neither the previous life's ring nor its news are left. */
	mock_set(&r, HVL_MMIO_REG_INTERRUPT_ACK, 1);
	assert_false(mock_service(&r));
	r.rings = 0;
	assert_true(round_trip(&r));
	assert_int_equal(r.rings, 1);
}

/* The acknowledgement and the restart fall into one look. */
static void mmio_v1_late_news_does_not_ring_in_next_life(void **state)
{
	(void)state;
	older_bring_up();
	send_frame();
	assert_true(mock_service(&d));
	send_frame();
	assert_false(mock_service(&d));
	mock_isr(&d);
	mock_set(&d, HVL_MMIO_REG_STATUS, 1);
	assert_false(mock_service(&d));
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_STATUS), 0);
}

static void mmio_v1_ack_doorbell_serves_queues_too(void **state)
{
	uint32_t id, len;

	(void)state;
	mock_bring_up(&r);
	assert_true(round_trip(&r));
	mock_isr(&r);
	mock_offer(&r, 0, 5);
	assert_true(mock_service(&r));
	assert_true(mock_used(&r.ring[0], &id, &len));
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_INTERRUPT_STATUS), 1);
}

static void mmio_v1_unheard_interrupt_is_rung_again(void **state)
{
	(void)state;
	mock_bring_up(&r);
	assert_true(round_trip(&r));
	r.now_us += 50000;
	/* News does not put it off, and the repetition tells of it as well. */
	r.rings = 0;
	assert_true(round_trip(&r));
	assert_int_equal(r.rings, 0);
	r.now_us += 49999;
	assert_false(mock_service(&r));
	r.now_us += 1;
	assert_true(mock_service(&r));
	assert_false(mock_service(&r));
	r.now_us += 100000;
	assert_true(mock_service(&r));
	mock_isr(&r);
	assert_false(mock_service(&r));
	r.now_us += 200000;
	assert_false(mock_service(&r));
}

/*
 * The doorbell was lost, and what came was a second acknowledgement of the one
 * before: nothing tells it from the right one.
 */
static void mmio_v1_last_ring_is_repeated_once(void **state)
{
	(void)state;
	mock_bring_up(&r);
	assert_true(round_trip(&r));
	mock_isr(&r);
	assert_false(mock_service(&r));
	r.now_us += 99999;
	assert_false(mock_service(&r));
	r.now_us += 1;
	assert_true(mock_service(&r));
	mock_isr(&r);
	assert_false(mock_service(&r));
	r.now_us += 1000000;
	assert_false(mock_service(&r));
	/* Again for the next. */
	assert_true(round_trip(&r));
	mock_isr(&r);
	r.now_us += 100000;
	assert_true(mock_service(&r));
}

/* For drivers that look without having been rung for. */
static void mmio_v1_interrupts_are_counted(void **state)
{
	(void)state;
	mock_bring_up(&r);
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_INTERRUPT_COUNT), 0);
	assert_true(round_trip(&r));
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_INTERRUPT_COUNT), 1);
	assert_true(round_trip(&r));
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_INTERRUPT_COUNT), 1);
	mock_isr(&r);
	assert_true(mock_service(&r));
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_INTERRUPT_COUNT), 2);
	r.now_us += 100000;
	assert_true(mock_service(&r));
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_INTERRUPT_COUNT), 3);
	/* A driver that starts over may remember, and 0 means no count. */
	mock_set(&r, HVL_MMIO_REG_INTERRUPT_COUNT, UINT32_MAX);
	mock_bring_up(&r);
	assert_true(round_trip(&r));
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_INTERRUPT_COUNT), 1);
}

static void mmio_v1_ack_before_driver_ok_is_consumed(void **state)
{
	(void)state;
	mock_begin(&r);
	mock_set(&r, HVL_MMIO_REG_INTERRUPT_ACK, 3);
	assert_false(mock_service(&r));
	assert_int_equal(mock_reg(&r, HVL_MMIO_REG_INTERRUPT_ACK), 0);
}

static void mmio_v1_nothing_rings_during_set_up(void **state)
{
	(void)state;
	mock_begin(&d);
	assert_true(ask(&d, 0, 8));
	hvl_dev_net_set_link(&d.dev, false);
	assert_false(mock_service(&d));
	assert_int_equal(mock_reg(&d, HVL_MMIO_REG_INTERRUPT_STATUS), 0);
	assert_int_equal(hvl_io_read16(&d.regs, HVL_MMIO_REG_CONFIG + 6), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(mmio_v1_ack_takes_only_the_config_bit),
		T(mmio_v1_ack_keeps_newer_config_bit),
		T(mmio_v1_second_ack_hides_no_news),
		T(mmio_v1_late_news_rings_once),
		T(mmio_v1_ack_of_any_bit_ends_the_wait),
		T(mmio_v1_ack_without_news_is_not_answered),
		T(mmio_v1_ack_of_nothing_is_none),
		T(mmio_v1_restart_clears_interrupts),
		T(mmio_v1_late_news_does_not_ring_in_next_life),
		T(mmio_v1_ack_doorbell_serves_queues_too),
		T(mmio_v1_unheard_interrupt_is_rung_again),
		T(mmio_v1_last_ring_is_repeated_once),
		T(mmio_v1_interrupts_are_counted),
		T(mmio_v1_ack_before_driver_ok_is_consumed),
		T(mmio_v1_nothing_rings_during_set_up),
	};

	return cmocka_run_group_tests_name("dev_mmio_v1_irq", tests, NULL,
					   NULL);
}
