import pytest

from intake.conventions import spelled


@pytest.mark.parametrize(
    ("read", "printed"),
    [
        ("统一社会信用代码：91510104MAHN7RTK9B）", "统一社会信用代码：91510104MAHN7RTK9B）"),
        ("统一社会信用代码：9151O104MAHN7RTK9B）", "统一社会信用代码：91510104MAHN7RTK9B）"),
        ("统一社会信用代码：915I0IO4MAHN7RTK9B）", "统一社会信用代码：91510104MAHN7RTK9B）"),
        ("合同编号：9151O104MAHN7RTK9C", "合同编号：9151O104MAHN7RTK9C"),  # its check digit says that it is none
        ("9151O104MAHN7RTK9B7", "9151O104MAHN7RTK9B7"),  # longer than a code
        ("二○二三年五月四日", "二〇二三年五月四日"),
        ("二O○九年十月", "二〇〇九年十月"),
        ("二〇二六年四月十目", "二〇二六年四月十日"),
        ("4月10曰；项目、十目所视", "4月10日；项目、十目所视"),
        ("○ 已阅 ○ 未阅；第二○", "○ 已阅 ○ 未阅；第二○"),
    ],
)
def test_look_alikes_are_what_the_conventions_of_print_say(read, printed):
    assert spelled(read) == printed
