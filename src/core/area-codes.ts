/**
 * The area codes of the United States and Canada, the other half of what +1 stands for (`country-codes.ts` has the rest
 * of the plan). Data: the version is the date of the source.
 *
 * Sources:
 * - which codes are in service, and where: NANPA, https://reports.nanpa.com/public/npa_report.csv
 * - which of them lie in several zones: the same report's TIME_ZONE column, and the prefixes by zone of Google's
 *   libphonenumber 9.0.43; where they differ, both
 * - zones: IANA tz, zone1970.tab of 2026f
 *
 * A zone stands for a rule of how the clock goes, not for a city: all that matters is the offset through the year. In the
 * United States one name serves for each rule; in Canada each province has its own, because provinces change their clocks
 * by themselves (in 2026 British Columbia, Alberta and Manitoba ended the change to winter time).
 *
 * Left out are the codes that stand for a service and not for a place, so that no country can be told: 5xx (personal and
 * machine numbers), 600, 622, 633, 700, 710 and 900.
 */
export const areaCodeDataVersion = '2026-09-21'

const eastern = 'America/New_York'
const central = 'America/Chicago'
const mountain = 'America/Denver'
const arizona = 'America/Phoenix'
const pacific = 'America/Los_Angeles'
const alaska = 'America/Anchorage America/Adak'
const hawaii = 'Pacific/Honolulu'

const alberta = 'America/Edmonton'
const atlantic = 'America/Halifax'
const britishColumbia = 'America/Vancouver'
// tz 2026f has Manitoba at UTC-5 all year from November 2026 on; older tz data, such as Node 26.10's 2026c, still sets
// it back to UTC-6 in winter. Panama stands for UTC-5 all year, so the place is covered whichever is in use.
const manitoba = 'America/Winnipeg America/Panama'
const newfoundland = 'America/St_Johns America/Goose_Bay'
const ontario = 'America/Toronto'

/** By state or province (ISO 3166-2): all zones where somebody with such a number may live, and the area codes. */
export const areas: readonly (readonly [region: string, zones: string, codes: string])[] = [
  ['US-AK', alaska, '907'],
  ['US-AL', central, '205 251 256 334 483 659 938'],
  ['US-AR', central, '327 479 501 870'],
  ['US-AZ', arizona, '480 520 602 623'],
  ['US-AZ', `${arizona} ${mountain}`, '928'],
  [
    'US-CA',
    pacific,
    '209 213 279 310 323 341 350 357 369 408 415 424 442 510 530 559 562 619 626 628 650 657 661 669 707 714 738 747 760 805 818 820 831 837 840 858 909 916 925 949 951',
  ],
  ['US-CO', mountain, '303 719 720 748 970 983'],
  ['US-CT', eastern, '203 475 860 959'],
  ['US-DC', eastern, '202 771'],
  ['US-DE', eastern, '302'],
  ['US-FL', eastern, '239 305 321 324 352 386 407 561 645 656 689 727 728 754 772 786 813 863 904 941 954'],
  ['US-FL', `${central} ${eastern}`, '448 850'],
  ['US-GA', eastern, '229 404 470 478 678 706 762 770 912 943'],
  ['US-HI', hawaii, '808'],
  ['US-IA', central, '319 515 563 641 712'],
  ['US-ID', `${mountain} ${pacific}`, '208 986'],
  ['US-IL', central, '217 224 309 312 331 447 464 618 630 708 730 773 779 815 847 861 872'],
  ['US-IN', eastern, '260 317 463 765'],
  ['US-IN', `${central} ${eastern}`, '219 574 812 930'],
  ['US-KS', central, '316 913'],
  ['US-KS', `${central} ${mountain}`, '620 785'],
  ['US-KY', eastern, '502 859'],
  ['US-KY', `${central} ${eastern}`, '270 364 606'],
  ['US-LA', central, '225 318 337 457 504 985'],
  ['US-MA', eastern, '339 351 413 508 617 774 781 857 978'],
  ['US-MD', eastern, '227 240 301 410 443 667'],
  ['US-ME', eastern, '207'],
  ['US-MI', eastern, '231 248 269 313 517 586 616 679 734 810 947 989'],
  ['US-MI', `${central} ${eastern}`, '906'],
  ['US-MN', central, '218 320 507 612 651 763 924 952'],
  ['US-MO', central, '235 314 417 557 573 636 660 816 975'],
  ['US-MS', central, '228 471 601 662 769'],
  ['US-MT', mountain, '406'],
  ['US-NC', eastern, '252 336 472 704 743 828 910 919 980 984'],
  ['US-ND', `${central} ${mountain}`, '701'],
  ['US-NE', central, '402 531'],
  ['US-NE', `${central} ${mountain}`, '308'],
  ['US-NH', eastern, '603'],
  ['US-NJ', eastern, '201 551 609 640 732 848 856 862 908 973'],
  ['US-NM', mountain, '505 575'],
  ['US-NV', pacific, '702 725'],
  ['US-NV', `${mountain} ${pacific}`, '775'],
  ['US-NY', eastern, '212 315 329 332 347 363 465 516 518 585 607 624 631 646 680 716 718 838 845 914 917 929 934'],
  ['US-OH', eastern, '216 220 234 283 326 330 380 419 436 440 513 567 614 740 937'],
  ['US-OK', central, '405 539 572 580 918'],
  ['US-OR', pacific, '503 971'],
  ['US-OR', `${mountain} ${pacific}`, '458 541'],
  ['US-PA', eastern, '215 223 267 272 412 445 484 570 582 610 717 724 814 835 878'],
  ['US-RI', eastern, '401'],
  ['US-SC', eastern, '803 821 839 843 854 864'],
  ['US-SD', `${central} ${mountain}`, '605'],
  ['US-TN', eastern, '865'],
  ['US-TN', central, '615 629 731 901'],
  ['US-TN', `${central} ${eastern}`, '423 729 931'],
  [
    'US-TX',
    central,
    '210 214 254 281 325 346 361 409 430 432 469 512 621 682 713 726 737 806 817 830 832 903 936 940 945 956 972 979',
  ],
  ['US-TX', `${central} ${mountain}`, '915'],
  ['US-UT', mountain, '385 435 801'],
  ['US-VA', eastern, '276 434 540 571 686 703 757 804 826 948'],
  ['US-VT', eastern, '802'],
  ['US-WA', pacific, '206 253 360 425 509 564'],
  ['US-WI', central, '262 274 353 414 534 608 715 920'],
  ['US-WV', eastern, '304 681'],
  ['US-WY', mountain, '307'],
  ['CA-AB', alberta, '368 403 587 780 825'],
  ['CA-BC', britishColumbia, '604'],
  ['CA-BC', `${britishColumbia} ${alberta}`, '236 250 257 672 778'],
  ['CA-MB', manitoba, '204 431 584'],
  ['CA-NB', atlantic, '428 506'],
  ['CA-NL', newfoundland, '709 879'],
  ['CA-NS', atlantic, '782 902'],
  [
    'CA-NT',
    `America/Whitehorse ${alberta} America/Cambridge_Bay America/Rankin_Inlet ${ontario} America/Panama`,
    '867',
  ],
  ['CA-ON', ontario, '226 249 289 343 365 382 416 437 519 548 613 647 683 705 742 753 905 942'],
  ['CA-ON', `${ontario} ${manitoba}`, '807'],
  ['CA-QC', ontario, '263 354 438 450 468 514 579 819 873'],
  // The Magdalen Islands, and the Lower North Shore, which keeps UTC-4 all year as Puerto Rico does.
  ['CA-QC', `${ontario} ${atlantic} America/Puerto_Rico`, '273 367 418 581'],
  // Lloydminster keeps Alberta's time.
  ['CA-SK', `America/Regina ${alberta}`, '306 474 639'],
]

/**
 * Shared by the whole plan and free to call. Numbers that can send texts are given out in the United States and reach
 * all of it, so they count as the United States, anywhere in it.
 */
export const tollFreeCodes = '800 833 844 855 866 877 888'
