"""What is computed from figures, and how a table shows it: measuring_test.py, without arguments."""

import unittest

import chart
import document
from measuring import Answer, Comparison, Figure, Row, Target, fit, ratio


class Figures(unittest.TestCase):
    def test_the_middle_of_several_values_and_of_their_halves(self) -> None:
        figure = Figure((5.0, 1.0, 3.0, 100.0, 2.0), "s")
        self.assertEqual(figure.median, 3.0)
        self.assertEqual(figure.spread, (2.0, 5.0))
        self.assertEqual(Figure((7.0,), "s").spread, (7.0, 7.0))

    def test_a_ratio_is_that_of_pairs(self) -> None:
        # A machine that became slower meanwhile changes both of a pair.
        self.assertEqual(ratio(Figure((1.0, 2.0, 30.0), "s"), Figure((2.0, 4.0, 60.0), "s")), 0.5)
        with self.assertRaises(ValueError):
            ratio(Figure((1.0,), "s"), Figure((1.0, 2.0), "s"))

    def test_a_line_through_points(self) -> None:
        line = fit([(1, 12), (10, 30), (100, 210)])
        self.assertAlmostEqual(line.slope, 2)
        self.assertAlmostEqual(line.at_zero, 10)
        self.assertAlmostEqual(line.determination, 1)
        self.assertLess(fit([(1, 1), (2, 4), (3, 2)]).determination, 0.5)

    def test_a_target_is_met_at_its_limit(self) -> None:
        self.assertTrue(Target(16).met(16))
        self.assertFalse(Target(16).met(17))
        self.assertTrue(Target(0.9, at_least=True).met(0.9))
        self.assertFalse(Target(0.9, at_least=True).met(0.89))


class Tables(unittest.TestCase):
    def test_values_have_three_digits_and_a_unit_that_suits_them(self) -> None:
        for value, unit, text in ((0.00591, "s", "5.91 ms"), (0.000008, "s", "8.00 µs"), (123.4, "s", "123 s"),
                                  (43200.0, "s", "12.0 h"), (0.0, "s", "0 µs"), (9 * 2**20, "B", "9.00 MiB"),
                                  (31.0, "", "31"), (7994.0, "", "7,994"), (float("inf"), "s", "never")):
            with self.subTest(text):
                self.assertEqual(document.shown(value, unit), text)

    def test_a_target_is_that_of_the_ratio_or_of_the_figure(self) -> None:
        figure = Figure((0.005, 0.006, 0.007), "s")
        row = Row("check", figure, "x", comparisons=(Comparison("a", 0.345, Target(0.3)), Comparison("b", 1.2)))
        self.assertEqual(document.lines_of(row, 1), [
            "| check | 6.00 ms | 5.50 ms – 6.50 ms | a | 0.34 | ≤ 0.3 | **not met** | 1 |",
            "| | | | b | 1.20 |  |  | 1 |"])
        self.assertEqual(document.lines_of(Row("syncs", Figure((16.0,), ""), "x", Target(16)), 2),
                         ["| syncs | 16 |  | | | ≤ 16 | met | 2 |"])

    def test_what_fails_has_its_reason_and_meets_no_target(self) -> None:
        text = document.section(Answer("Many", "How.", [Row("10,000", None, "run", failure="too large")]))
        self.assertIn("| 10,000 | fails | | | | | **not met** | 1 |", text)
        self.assertIn("- Fails: 10,000: `too large`", text)

    def test_rows_with_the_same_command_share_its_number(self) -> None:
        figure = Figure((1.0,), "")
        rows = [Row(name, figure, command) for name, command in (("a", "x"), ("b", "y"), ("c", "x"))]
        text = document.section(Answer("A", "How.", rows))
        self.assertTrue(text.endswith("\n\n1. `x`\n2. `y`\n"), text)
        self.assertIn("| c | 1 |  | | |  |  | 1 |", text)


class Charts(unittest.TestCase):
    def test_a_decade_is_as_wide_as_the_next(self) -> None:
        across = chart.axis(0, 400, [1, 10000])
        self.assertEqual([across.at(10**decade) for decade in range(5)], [0, 100, 200, 300, 400])

    def test_one_value_has_a_whole_decade(self) -> None:
        self.assertIn("<circle", chart.draw("title", "x", "y", [chart.Line("a", [(1, 1)])]))


if __name__ == "__main__":
    unittest.main()
