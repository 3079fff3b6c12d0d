# North American coupons, AI (8110) and (8112): GS1 US, North American Coupon Application Guideline. All digits; most fields
# say in a digit of their own how long they are. No parcel carries them, but whoever loads the whole dictionary expects them.

cdef struct coupon_t:
    const uint8_t* digits
    size_t length, at


cdef bint skip(coupon_t* coupon, size_t count) noexcept nogil:
    """A field of so many digits."""
    if coupon.length - coupon.at < count:
        return False
    coupon.at += count
    return True


cdef bint skip_one(coupon_t* coupon, unsigned int allowed) noexcept nogil:
    """A field of one digit; bit i of allowed: whether it may be i."""
    if coupon.at == coupon.length or not allowed >> (coupon.digits[coupon.at] - c"0") & 1:
        return False
    coupon.at += 1
    return True


cdef bint skip_counted(coupon_t* coupon, unsigned int allowed, size_t more) noexcept nogil:
    """A field whose first digit says how many digits follow, and so many more."""
    return skip_one(coupon, allowed) and skip(coupon, coupon.digits[coupon.at - 1] - c"0" + more)


cdef bint skip_requirement(coupon_t* coupon) noexcept nogil:
    """What must be bought: how much, of which unit (0 to 4, or 9), of which family."""
    return skip_counted(coupon, 0b111110, 0) and skip_one(coupon, 0b1000011111) and skip(coupon, 3)


cdef bint skip_prefix_or_none(coupon_t* coupon) noexcept nogil:
    """A company prefix, or 9 for the same as before."""
    return skip_one(coupon, 1 << 9) or skip_counted(coupon, 0b1111111, 6)


cdef bint skip_date(coupon_t* coupon) noexcept nogil:
    cdef size_t inside
    return skip(coupon, 6) and short_date(coupon.digits + coupon.at - 6, &inside, False) == GS1_OK


cdef bint skip_optional(coupon_t* coupon, uint8_t field) noexcept nogil:
    """One of the fields that may follow, behind the digit that names it."""
    if field == c"1":
        return skip_one(coupon, 0b1111) and skip_requirement(coupon) and skip_prefix_or_none(coupon)
    if field == c"2":
        return skip_requirement(coupon) and skip_prefix_or_none(coupon)
    if field == c"3" or field == c"4":
        return skip_date(coupon)
    if field == c"5":
        return skip_counted(coupon, 0b1111111111, 6)
    if field == c"6":
        return skip_counted(coupon, 0b11111110, 6)
    if field == c"9":
        return (skip_one(coupon, 0b1100111) and skip_one(coupon, 0b111) and skip(coupon, 1)
                and skip_one(coupon, 0b11))
    return False


cdef int coupon(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    """AI (8110): issuer, offer, saving, what must be bought, then optional fields in ascending order."""
    cdef coupon_t read = coupon_t(digits=value, length=length, at=0)
    cdef uint8_t field, last = c"0"
    cdef bint stands
    if not are_digits(value, length):
        return GS1_NOT_DIGITS
    stands = (skip_counted(&read, 0b1111111, 6) and skip(&read, 6) and skip_counted(&read, 0b111110, 0)
              and skip_requirement(&read))
    while stands and read.at < length:
        field = value[read.at]
        read.at += 1
        stands = field > last and skip_optional(&read, field)
        last = field
    at[0] = read.at
    return GS1_OK if stands else GS1_BAD_COUPON


cdef int coupon_offer(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    """AI (8112): format 0 or 1, who pays, offer, serial number."""
    cdef coupon_t read = coupon_t(digits=value, length=length, at=0)
    cdef bint stands
    if not are_digits(value, length):
        return GS1_NOT_DIGITS
    stands = (skip_one(&read, 0b11) and skip_counted(&read, 0b1111111, 6) and skip(&read, 6)
              and skip_counted(&read, 0b1111111111, 6) and read.at == length)
    at[0] = read.at
    return GS1_OK if stands else GS1_BAD_COUPON
