from rnnbook.table import markdown_table


def test_a_line_for_the_header_one_below_it_and_one_for_each_row():
    table = markdown_table(["$T$", "error"], [[10, 0.5], ["100", "**none**"]])
    assert table.data == "| $T$ | error |\n| --- | --- |\n| 10 | 0.5 |\n| 100 | **none** |"
